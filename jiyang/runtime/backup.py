"""The whole system in one file: every table and every stored document, and back into an empty system.

A tar file: `manifest.json`, `tables/NAME` (COPY text of the columns the manifest names), `files/PATH`. It is made in one
snapshot by the owner's role, which the tables' own policy lets see every row; encrypted columns stay encrypted, so that
the file is worth nothing without the keys, and is of no use to a system with other keys (the manifest tells).
"""

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone

from jiyang.access.schema import quoted, sync_schema
from jiyang.access.tables import is_event, scoped_models
from jiyang.accounts.models import User
from jiyang.audit import chain
from jiyang.identifiers.encryption import blind_index, decrypt_bytes, encrypt_bytes

FORMAT = 1
MANIFEST = "manifest.json"
LEFT_OUT = {"django_migrations", "django_session"}  # the schema's own; nobody stays signed in over a restore
BLOCK = 1024 * 1024
MARK, MARK_AAD = b"jiyang", "backup.manifest"


class BackupRefused(RuntimeError):
    """Nothing was written; the message says why and what to do."""


@dataclass(frozen=True)
class Report:
    """What a backup holds or a restore brought: counts, and the digest of the file."""

    tables: int
    rows: int
    files: int
    sha256: str

    def as_dict(self) -> dict:
        return asdict(self)


def tables() -> dict[str, list[str]]:
    """Every table of the product with its columns, in a fixed order."""
    found = {
        model._meta.db_table: [field.column for field in model._meta.local_concrete_fields if not field.generated]
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    }
    return {name: found[name] for name in sorted(found) if name not in LEFT_OUT}


def key_mark() -> dict[str, str]:
    """Tells another system whether it has the same keys, without telling the keys."""
    return {"field": encrypt_bytes(MARK, MARK_AAD).hex(), "index": blind_index(MARK.decode()).hex()}


def same_keys(mark: dict[str, str]) -> bool:
    try:
        return decrypt_bytes(bytes.fromhex(mark["field"]), MARK_AAD) == MARK and mark["index"] == key_mark()["index"]
    except (InvalidTag, LookupError, ValueError):
        return False


def migrations() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("select app || '.' || name from django_migrations order by 1")
        return [name for (name,) in cursor]


def require_owner() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select current_user")
        if cursor.fetchone()[0] == settings.WEB_ROLE:
            raise BackupRefused("备份和恢复要用数据库属主账号：设 JIYANG_DB_ROLE=owner 和 DATABASE_OWNER_URL 后再运行")


def create(path: Path) -> Report:
    """Write a backup to `path`, which must not exist. Raises BackupRefused."""
    require_owner()
    if path.exists():
        raise BackupRefused(f"{path} 已经存在，请换一个文件名")
    partial = path.with_name(f"{path.name}.part")
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as raw:
            with tarfile.open(fileobj=raw, mode="w|") as archive:
                manifest = _write(archive)
            raw.flush()
            os.fsync(raw.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return _report(manifest, path)


def _write(archive: tarfile.TarFile) -> dict:
    """Tables in one snapshot, then the files: those that the snapshot names are there already."""
    manifest = {"format": FORMAT, "at": timezone.now().isoformat(), "keys": key_mark(), "tables": {}, "files": {}}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        manifest["migrations"] = migrations()
        for name, columns in tables().items():
            with tempfile.TemporaryFile() as held:
                cursor.copy_expert(f"copy (select {_listed(columns)} from {quoted(name)}) to stdout", held)
                manifest["tables"][name] = {"columns": columns, "rows": cursor.rowcount, "sha256": _digest(held)}
                _add(archive, f"tables/{name}", held)
        if not manifest["tables"][User._meta.db_table]["rows"]:
            raise BackupRefused("数据库里没有用户，像是没有读到数据，没有生成备份")
    for path in sorted(_files()):
        name = path.relative_to(settings.MEDIA_ROOT).as_posix()
        with path.open("rb") as stream:
            manifest["files"][name] = _digest(stream)
            _add(archive, f"files/{name}", stream)
    _add(archive, MANIFEST, io.BytesIO(json.dumps(manifest, ensure_ascii=False).encode()))
    return manifest


def _files() -> Iterator[Path]:
    root = Path(settings.MEDIA_ROOT)
    return (path for path in root.rglob("*") if path.is_file()) if root.exists() else iter(())


def _listed(columns: list[str]) -> str:
    return ", ".join(quoted(column) for column in columns)


def _digest(stream) -> str:
    """sha256 of a whole stream; leaves it at its end."""
    stream.seek(0)
    total = hashlib.sha256()
    while block := stream.read(BLOCK):
        total.update(block)
    return total.hexdigest()


def _add(archive: tarfile.TarFile, name: str, stream) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = stream.seek(0, os.SEEK_END), 0o600
    stream.seek(0)
    archive.addfile(entry, stream)


def _report(manifest: dict, path: Path) -> Report:
    with path.open("rb") as stream:
        digest = _digest(stream)
    rows = sum(table["rows"] for table in manifest["tables"].values())
    return Report(len(manifest["tables"]), rows, len(manifest["files"]), digest)


def restore(path: Path) -> Report:
    """Bring a backup into an empty system: all of it, or nothing. Raises BackupRefused.

    The system has been migrated and prepared by the same version. Reference data are replaced by the backup's; users,
    households or documents that are there already refuse it.
    """
    require_owner()
    try:
        with tarfile.open(path, mode="r:") as archive:
            members = {member.name: member for member in archive}
            manifest = json.load(archive.extractfile(members[MANIFEST]))
            _check(manifest)
            with _files_of(archive, members, manifest["files"]), transaction.atomic():
                _bring_tables(archive, members, manifest["tables"])
                sync_schema()
    except (OSError, EOFError, tarfile.TarError, LookupError, ValueError) as broken:
        raise BackupRefused(f"{path} 不是完整的备份文件，没有恢复任何数据（{type(broken).__name__}）") from broken
    cache.clear()
    return _report(manifest, path)


def _check(manifest: dict) -> None:
    """Every reason against restoring, at once."""
    problems = []
    if manifest["format"] != FORMAT:
        problems.append(f"备份格式 {manifest['format']} 不认识")
    if not same_keys(manifest["keys"]):
        problems.append(
            "本系统的密钥与备份时不同，恢复后证件、电话读不出来；请用备份时的 JIYANG_FIELD_KEY 和 JIYANG_INDEX_KEY"
        )
    if differing := sorted(set(manifest["migrations"]) ^ set(migrations())):
        problems.append(f"程序版本不同（{'、'.join(differing[:5])}），请用备份时的版本恢复，再升级")
    if full := [name for name in _must_be_empty() if _count(name)]:
        problems.append(f"本系统已有数据（{'、'.join(full[:5])}），只能恢复到空系统")
    if next(_files(), None):
        problems.append(f"{settings.MEDIA_ROOT} 里已有文件，只能恢复到空系统")
    if problems:
        raise BackupRefused("；".join(problems))


def _must_be_empty() -> list[str]:
    return [User._meta.db_table, *(model._meta.db_table for model in scoped_models() if not is_event(model))]


def _count(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {quoted(name)}")
        return cursor.fetchone()[0]


def _bring_tables(archive: tarfile.TarFile, members: dict, wanted: dict) -> None:
    """All tables, in one transaction. Their own triggers rest meanwhile (history is brought, not written anew); foreign
    keys are checked before they wake."""
    with connection.cursor() as cursor:
        for name in wanted:
            cursor.execute(f"alter table {quoted(name)} no force row level security, disable trigger user")
        for name in wanted:
            cursor.execute(f"delete from {quoted(name)}")
        for name, table in wanted.items():
            stream = _checked(archive, members[f"tables/{name}"], table["sha256"])
            cursor.copy_expert(f"copy {quoted(name)} ({_listed(table['columns'])}) from stdin", stream)
        cursor.execute("set constraints all immediate")
        for name, table in wanted.items():
            cursor.execute(f"alter table {quoted(name)} enable trigger user")
            if (found := _count(name)) != table["rows"]:
                raise BackupRefused(f"表 {name} 应有 {table['rows']} 行，恢复后有 {found} 行，没有恢复任何数据")
            _continue_keys(cursor, name, table["columns"])
    chain.continue_after_restore()


def _checked(archive: tarfile.TarFile, member: tarfile.TarInfo, digest: str):
    stream = archive.extractfile(member)
    if _digest(stream) != digest:
        raise BackupRefused(f"备份里的 {member.name} 已损坏，没有恢复任何数据")
    stream.seek(0)
    return stream


def _continue_keys(cursor, name: str, columns: list[str]) -> None:
    """New rows are numbered after the restored ones."""
    for column in columns:
        cursor.execute("select pg_get_serial_sequence(%s, %s)", [quoted(name), column])
        if sequence := cursor.fetchone()[0]:
            last = f"max({quoted(column)})"
            cursor.execute(
                f"select setval(%s, coalesce({last}, 1), {last} is not null) from {quoted(name)}", [sequence]
            )


@contextmanager
def _files_of(archive: tarfile.TarFile, members: dict, wanted: dict[str, str]) -> Iterator[None]:
    """The documents stand in their folder during the block, and stay when it ends well."""
    root, brought = Path(settings.MEDIA_ROOT).resolve(), []
    try:
        for name, digest in wanted.items():
            target = (root / name).resolve()
            if not target.is_relative_to(root):
                raise BackupRefused(f"备份里的文件名 {name} 不对，没有恢复任何数据")
            stream = _checked(archive, members[f"files/{name}"], digest)
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            brought.append(target)
            with os.fdopen(handle, "wb") as out:
                shutil.copyfileobj(stream, out, BLOCK)
        yield
    except BaseException:
        for one in brought:
            one.unlink(missing_ok=True)
        raise
