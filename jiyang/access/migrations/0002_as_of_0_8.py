import django.db.models.deletion
from django.db import migrations, models

from jiyang.runtime.migrating import Together


class Migration(migrations.Migration):

    replaces = [('access', '0001_initial'), ('access', '0002_initial')]

    initial = True

    dependencies = [
        ('access', '0001_as_of_0_8'),
        ('accounts', '0001_as_of_0_8'),
        ('households', '0001_as_of_0_8'),
        ('regions', '0001_as_of_0_8'),
    ]

    operations = [
        Together([
        migrations.AddField(
            model_name='householdgrant',
            name='household',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to='households.household', verbose_name='户'),
        ),
        migrations.AddField(
            model_name='householdgrant',
            name='posting',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to='accounts.posting', verbose_name='岗位'),
        ),
        migrations.AddField(
            model_name='householdgrant',
            name='town',
            field=models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='regions.region', verbose_name='镇街'),
        ),
        migrations.AddField(
            model_name='householdgrant',
            name='village',
            field=models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='regions.region', verbose_name='行政村'),
        ),
        migrations.AddField(
            model_name='householdgrantevent',
            name='district',
            field=models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='regions.region', verbose_name='区县'),
        ),
        migrations.AddField(
            model_name='householdgrantevent',
            name='household',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='households.household', verbose_name='户'),
        ),
        migrations.AddField(
            model_name='householdgrantevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history', to='access.householdgrant'),
        ),
        migrations.AddField(
            model_name='householdgrantevent',
            name='posting',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.posting', verbose_name='岗位'),
        ),
        migrations.AddField(
            model_name='householdgrantevent',
            name='town',
            field=models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='regions.region', verbose_name='镇街'),
        ),
        migrations.AddField(
            model_name='householdgrantevent',
            name='village',
            field=models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='regions.region', verbose_name='行政村'),
        ),
        migrations.AddIndex(
            model_name='householdgrant',
            index=models.Index(fields=['posting', 'household'], name='access_hous_posting_1134d6_idx'),
        ),
        migrations.AddConstraint(
            model_name='householdgrant',
            constraint=models.UniqueConstraint(fields=('posting', 'household', 'since'), name='household_grant_once'),
        ),
        migrations.AddConstraint(
            model_name='householdgrant',
            constraint=models.CheckConstraint(condition=models.Q(('until', None), ('until__gte', models.F('since')), _connector='OR'), name='household_grant_dates'),
        ),
        ]),
    ]
