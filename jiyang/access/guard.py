"""Start-up guard: web, worker and beat must not run with a database role that row-level security does not bind."""

from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from jiyang.access.tables import scoped_models

QUESTION = """
select r.rolsuper, r.rolbypassrls,
       exists (select 1 from pg_class c where c.relname = any(%s) and pg_has_role(r.oid, c.relowner, 'usage')
                 and c.relkind in ('r', 'p') and c.relnamespace = current_schema()::regnamespace)
from pg_roles r where r.rolname = current_user
"""


def assert_unprivileged() -> None:
    """Raise ImproperlyConfigured when this process's role is superuser, bypasses row security or owns a scoped table."""
    with connection.cursor() as cursor:
        cursor.execute(QUESTION, [[model._meta.db_table for model in scoped_models()]])
        is_super, bypasses, owns = cursor.fetchone()
    reasons = [
        reason
        for reason, found in (("是超级用户", is_super), ("可绕过行级安全", bypasses), ("拥有业务表", owns))
        if found
    ]
    if reasons:
        raise ImproperlyConfigured(
            f"数据库角色 {connection.settings_dict['USER']} {'、'.join(reasons)}，拒绝启动。"
            "请把 DATABASE_URL 设为只有读写权限的 web 角色（DATABASE_OWNER_URL 只用于迁移）。"
        )
