import django.db.models.deletion
import jiyang.audit.models
import pghistory.utils
from django.db import migrations, models

from jiyang.runtime.migrating import Together


class Migration(migrations.Migration):

    replaces = [('access', '0001_initial'), ('access', '0002_initial')]

    initial = True

    dependencies = [
        ('regions', '0001_as_of_0_8'),
    ]

    operations = [
        Together([
        migrations.CreateModel(
            name='HouseholdGrantEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False, verbose_name='事件号')),
                ('pgh_xid', jiyang.audit.models.XidField(db_default=jiyang.audit.models.CurrentXid(), editable=False, verbose_name='事务号')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.BigIntegerField()),
                ('since', models.DateField(verbose_name='起')),
                ('until', models.DateField(blank=True, null=True, verbose_name='止')),
            ],
            options={
                'verbose_name': '户授权变更',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='HouseholdGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateField(verbose_name='起')),
                ('until', models.DateField(blank=True, null=True, verbose_name='止')),
                ('district', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='regions.region', verbose_name='区县')),
            ],
            options={
                'verbose_name': '户授权',
                'verbose_name_plural': '户授权',
                'db_table': 'access_household',
            },
        ),
        ]),
    ]
