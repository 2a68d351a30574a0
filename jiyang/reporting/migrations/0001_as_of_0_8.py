import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('reporting', '0001_stored_figures')]

    initial = True

    dependencies = [
        ('regions', '0001_as_of_0_8'),
    ]

    operations = [
        migrations.CreateModel(
            name='StoredFigure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('figure', models.CharField(max_length=60, verbose_name='指标')),
                ('part', models.CharField(blank=True, max_length=40, verbose_name='分项')),
                ('day', models.DateField(verbose_name='截止日')),
                ('value', models.BigIntegerField(verbose_name='存数')),
                ('computed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='存储时间')),
                ('run', models.CharField(blank=True, max_length=40, verbose_name='运行记录')),
                ('district', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='regions.region', verbose_name='区县')),
                ('town', models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='regions.region', verbose_name='镇街')),
                ('village', models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='regions.region', verbose_name='行政村')),
            ],
            options={
                'verbose_name': '月末存数',
                'verbose_name_plural': '月末存数',
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('district', 'day', 'town', 'village', 'figure', 'part'), name='stored_figure_once', nulls_distinct=False, violation_error_message='这个指标这一天已经存过数'), models.CheckConstraint(condition=models.Q(('village', None), ('town__isnull', False), _connector='OR'), name='stored_figure_place')],
            },
        ),
    ]
