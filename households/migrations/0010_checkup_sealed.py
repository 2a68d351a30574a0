"""Names and sentences of check-ups are stored encrypted; a checked file keeps its annotated copy.

What stands is encrypted on the way; back, it is written out again.
"""

from django.db import migrations, models

import jiyang.identifiers.encryption
from jiyang.access.scope import system_scope
from jiyang.identifiers.encryption import blind_index

AT_ONCE = 2000


def seal(apps, schema_editor) -> None:
    finding = apps.get_model("households", "CheckupFinding")
    with system_scope("加密体检问题"):
        for rows in _chunks(finding.objects.order_by("pk")):
            for one in rows:
                one.name, one.text = one.plain_name or None, one.plain_text or None
                one.name_index = blind_index(one.plain_name) if one.plain_name else None
            finding.objects.bulk_update(rows, ["name", "text", "name_index"])


def open_again(apps, schema_editor) -> None:
    finding = apps.get_model("households", "CheckupFinding")
    with system_scope("还原体检问题"):
        for rows in _chunks(finding.objects.order_by("pk")):
            for one in rows:
                one.plain_name, one.plain_text = (one.name or "")[:60], one.text or ""
            finding.objects.bulk_update(rows, ["plain_name", "plain_text"])


def _chunks(rows):
    last = 0
    while found := list(rows.filter(pk__gt=last)[:AT_ONCE]):
        yield found
        last = found[-1].pk


class Migration(migrations.Migration):
    dependencies = [("households", "0009_checkup")]

    operations = [
        migrations.RenameField("checkupfinding", "name", "plain_name"),
        migrations.RenameField("checkupfinding", "text", "plain_text"),
        migrations.AddField("checkupfinding", "name", jiyang.identifiers.encryption.EncryptedTextField(null=True, verbose_name="姓名（加密）")),
        migrations.AddField("checkupfinding", "name_index", models.BinaryField(editable=False, null=True, verbose_name="姓名索引")),
        migrations.AddField("checkupfinding", "text", jiyang.identifiers.encryption.EncryptedTextField(null=True, verbose_name="说明（加密）")),
        migrations.RunPython(seal, open_again),
        migrations.RemoveField("checkupfinding", "plain_name"),
        migrations.RemoveField("checkupfinding", "plain_text"),
        migrations.AddField("checkupfile", "annotated", models.FileField(blank=True, max_length=200, upload_to="checkup/%Y/%m", verbose_name="批注表（加密）")),
        migrations.AddField(
            "checkupfile",
            "copy_state",
            models.CharField(
                blank=True,
                choices=[("", "没有生成"), ("making", "正在生成"), ("ready", "已生成"), ("failed", "没有生成")],
                default="",
                max_length=8,
                verbose_name="批注表状态",
            ),
        ),
        migrations.AddField("checkupfile", "copy_attempts", models.PositiveSmallIntegerField(default=0, editable=False, verbose_name="批注表任务开始次数")),
    ]
