import datetime
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.comparison
import django.utils.timezone
import jiyang.audit.models
import pghistory.utils
from django.conf import settings
from django.db import migrations, models

from jiyang.runtime.migrating import Together


class Migration(migrations.Migration):

    replaces = [('parameters', '0001_initial'), ('parameters', '0002_changes_of_two')]

    initial = True

    dependencies = [
        ('accounts', '__first__'),
        ('regions', '0001_as_of_0_8'),
    ]

    operations = [
        Together([
        migrations.CreateModel(
            name='Parameter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=80, verbose_name='键')),
                ('title', models.CharField(max_length=80, verbose_name='名称')),
                ('value', models.JSONField(verbose_name='值')),
                ('unit', models.CharField(blank=True, max_length=20, verbose_name='单位')),
                ('since', models.DateField(default=datetime.date(2021, 1, 1), verbose_name='生效日期')),
                ('until', models.DateField(blank=True, null=True, verbose_name='失效日期')),
                ('source', models.CharField(max_length=200, verbose_name='来源')),
                ('mark', models.CharField(choices=[('plan', '工作要点'), ('found', '公开来源'), ('K', '常识，待核'), ('D', '设计默认'), ('gap', '未查到'), ('demo', '演示值'), ('doc', '文件规定')], max_length=10, verbose_name='依据')),
                ('ask', models.CharField(blank=True, max_length=80, verbose_name='待确认单位')),
                ('confirmed_at', models.DateTimeField(blank=True, null=True, verbose_name='核实时间')),
                ('confirmed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='核实人')),
                ('entered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='录入人')),
                ('region', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='regions.region', verbose_name='适用区县')),
            ],
            options={
                'verbose_name': '参数',
                'verbose_name_plural': '参数',
                'ordering': ['key', 'since'],
                'constraints': [models.UniqueConstraint(fields=('key', 'region', 'since'), name='parameter_once', nulls_distinct=False, violation_error_message='这个参数已有自同一天起的值'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('key', '='), (django.db.models.functions.comparison.Coalesce('region', 0), '='), (models.Func(models.F('since'), models.F('until'), function='daterange', output_field=django.contrib.postgres.fields.ranges.DateRangeField()), '&&')], name='parameter_one_a_day', violation_error_message='这个参数在这些天已有有效值'), models.CheckConstraint(condition=models.Q(('until', None), ('until__gt', models.F('since')), _connector='OR'), name='parameter_dates'), models.CheckConstraint(condition=models.Q(models.Q(('confirmed_at', None), ('confirmed_by', None)), models.Q(('confirmed_at__isnull', False), ('confirmed_by__isnull', False)), _connector='OR'), name='parameter_confirmed_pair'), models.CheckConstraint(condition=models.Q(('confirmed_by', None), ('entered_by', None), models.Q(('confirmed_by', models.F('entered_by')), _negated=True), _connector='OR'), name='parameter_two_people', violation_error_message='核实人不能是录入人')],
            },
        ),
        migrations.CreateModel(
            name='ParameterChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('submitted', '待复核'), ('approved', '已同意'), ('returned', '已退回'), ('withdrawn', '已撤回')], default='submitted', editable=False, max_length=10, verbose_name='状态')),
                ('submitted_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='提交时间')),
                ('decided_at', models.DateTimeField(editable=False, null=True, verbose_name='复核时间')),
                ('decision_reason', models.CharField(blank=True, editable=False, max_length=200, verbose_name='复核意见')),
                ('kind', models.CharField(choices=[('value', '新的值'), ('confirm', '核实现有值')], default='value', max_length=10, verbose_name='变更')),
                ('key', models.CharField(max_length=80, verbose_name='键')),
                ('title', models.CharField(max_length=80, verbose_name='名称')),
                ('value', models.JSONField(verbose_name='值')),
                ('unit', models.CharField(blank=True, max_length=20, verbose_name='单位')),
                ('since', models.DateField(verbose_name='生效日期')),
                ('until', models.DateField(blank=True, null=True, verbose_name='失效日期')),
                ('source', models.CharField(max_length=200, verbose_name='依据文件')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='说明')),
                ('decided_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='复核人')),
                ('parameter', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='parameters.parameter', verbose_name='参数值')),
                ('region', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='regions.region', verbose_name='适用区县')),
                ('submitted_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='提交人')),
            ],
            options={
                'verbose_name': '参数变更',
                'verbose_name_plural': '参数变更',
                'constraints': [models.CheckConstraint(condition=models.Q(('decided_by', None), ('state', 'withdrawn'), models.Q(('decided_by', models.F('submitted_by')), _negated=True), _connector='OR'), name='parameters_parameterchange_two_people', violation_error_message='复核人不能是提交人'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', None), ('state', 'submitted')), models.Q(models.Q(('state', 'submitted'), _negated=True), ('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='parameters_parameterchange_decided'), models.CheckConstraint(condition=models.Q(('until', None), ('until__gt', models.F('since')), _connector='OR'), name='parameter_change_dates', violation_error_message='失效日期要晚于生效日期')],
            },
        ),
        migrations.CreateModel(
            name='ParameterChangeEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False, verbose_name='事件号')),
                ('pgh_xid', jiyang.audit.models.XidField(db_default=jiyang.audit.models.CurrentXid(), editable=False, verbose_name='事务号')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.BigIntegerField()),
                ('state', models.CharField(choices=[('submitted', '待复核'), ('approved', '已同意'), ('returned', '已退回'), ('withdrawn', '已撤回')], default='submitted', editable=False, max_length=10, verbose_name='状态')),
                ('submitted_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='提交时间')),
                ('decided_at', models.DateTimeField(editable=False, null=True, verbose_name='复核时间')),
                ('decision_reason', models.CharField(blank=True, editable=False, max_length=200, verbose_name='复核意见')),
                ('kind', models.CharField(choices=[('value', '新的值'), ('confirm', '核实现有值')], default='value', max_length=10, verbose_name='变更')),
                ('key', models.CharField(max_length=80, verbose_name='键')),
                ('title', models.CharField(max_length=80, verbose_name='名称')),
                ('value', models.JSONField(verbose_name='值')),
                ('unit', models.CharField(blank=True, max_length=20, verbose_name='单位')),
                ('since', models.DateField(verbose_name='生效日期')),
                ('until', models.DateField(blank=True, null=True, verbose_name='失效日期')),
                ('source', models.CharField(max_length=200, verbose_name='依据文件')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='说明')),
                ('decided_by', models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='复核人')),
                ('parameter', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='parameters.parameter', verbose_name='参数值')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history', to='parameters.parameterchange')),
                ('region', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='regions.region', verbose_name='适用区县')),
                ('submitted_by', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='提交人')),
            ],
            options={
                'verbose_name': '参数变更变更',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ParameterEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False, verbose_name='事件号')),
                ('pgh_xid', jiyang.audit.models.XidField(db_default=jiyang.audit.models.CurrentXid(), editable=False, verbose_name='事务号')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.BigIntegerField()),
                ('key', models.CharField(max_length=80, verbose_name='键')),
                ('title', models.CharField(max_length=80, verbose_name='名称')),
                ('value', models.JSONField(verbose_name='值')),
                ('unit', models.CharField(blank=True, max_length=20, verbose_name='单位')),
                ('since', models.DateField(default=datetime.date(2021, 1, 1), verbose_name='生效日期')),
                ('until', models.DateField(blank=True, null=True, verbose_name='失效日期')),
                ('source', models.CharField(max_length=200, verbose_name='来源')),
                ('mark', models.CharField(choices=[('plan', '工作要点'), ('found', '公开来源'), ('K', '常识，待核'), ('D', '设计默认'), ('gap', '未查到'), ('demo', '演示值'), ('doc', '文件规定')], max_length=10, verbose_name='依据')),
                ('ask', models.CharField(blank=True, max_length=80, verbose_name='待确认单位')),
                ('confirmed_at', models.DateTimeField(blank=True, null=True, verbose_name='核实时间')),
                ('confirmed_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='核实人')),
                ('entered_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='录入人')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history', to='parameters.parameter')),
                ('region', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='regions.region', verbose_name='适用区县')),
            ],
            options={
                'verbose_name': '参数变更',
                'abstract': False,
            },
        ),
        ]),
    ]
