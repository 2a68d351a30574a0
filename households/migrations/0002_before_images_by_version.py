from django.apps import apps as installed
from django.db import migrations, models


def note_versions(apps, schema_editor):
    """The version of each before-image instead of the key of its event."""
    touches = apps.get_model("households", "RosterTouch")._base_manager.all()
    events = {model._meta.model_name: getattr(model, "pgh_event_model", None) for model in installed.get_models()}
    for table in touches.values_list("table", flat=True).distinct():
        event = events[table]._base_manager.filter(pgh_id=models.OuterRef("before_event"))
        touches.filter(table=table).update(before=models.Subquery(event.values("version")[:1]))


class Migration(migrations.Migration):
    dependencies = [("households", "0001_as_of_0_8")]

    operations = [
        migrations.AddField(
            model_name="rostertouch",
            name="before",
            field=models.PositiveIntegerField(default=0, verbose_name="入库前版本"),
            preserve_default=False,
        ),
        migrations.RunPython(note_versions, migrations.RunPython.noop, elidable=True),
        migrations.RemoveField(model_name="rostertouch", name="before_event"),
    ]
