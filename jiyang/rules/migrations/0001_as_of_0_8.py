import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.constraints
import django.db.models.deletion
import django.utils.timezone
import jiyang.audit.models
import pghistory.utils
from django.conf import settings
from django.db import migrations, models

from jiyang.runtime.migrating import Together


class Migration(migrations.Migration):

    replaces = [('rules', '0001_versions')]

    initial = True

    dependencies = [
        ('accounts', '__first__'),
    ]

    operations = [
        Together([
        migrations.CreateModel(
            name='RuleVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('submitted', '待复核'), ('approved', '已同意'), ('returned', '已退回'), ('withdrawn', '已撤回')], default='submitted', editable=False, max_length=10, verbose_name='状态')),
                ('submitted_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='提交时间')),
                ('decided_at', models.DateTimeField(editable=False, null=True, verbose_name='复核时间')),
                ('decision_reason', models.CharField(blank=True, editable=False, max_length=200, verbose_name='复核意见')),
                ('code', models.CharField(max_length=40, verbose_name='编号')),
                ('number', models.PositiveIntegerField(verbose_name='版本')),
                ('kind', models.CharField(choices=[('rule', '规则'), ('off', '停用')], default='rule', max_length=10, verbose_name='变更')),
                ('subject', models.CharField(max_length=20, verbose_name='对象')),
                ('title', models.CharField(max_length=80, verbose_name='名称')),
                ('severity', models.CharField(choices=[('error', '错误'), ('warning', '警告'), ('lead', '疑点')], max_length=10, verbose_name='严重程度')),
                ('family', models.CharField(blank=True, max_length=40, verbose_name='类别')),
                ('sources', models.JSONField(blank=True, default=list, verbose_name='上级编号')),
                ('source', models.CharField(blank=True, max_length=200, verbose_name='依据')),
                ('why', models.CharField(blank=True, max_length=300, verbose_name='为什么查')),
                ('mend', models.CharField(blank=True, max_length=300, verbose_name='怎么改正')),
                ('tree', models.JSONField(verbose_name='条件')),
                ('reason', models.CharField(max_length=200, verbose_name='变更说明')),
                ('based_on', models.PositiveIntegerField(blank=True, null=True, verbose_name='原版本')),
                ('valid_from', models.DateField(verbose_name='生效日期')),
                ('valid_until', models.DateField(blank=True, editable=False, null=True, verbose_name='失效日期')),
                ('decided_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='复核人')),
                ('submitted_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='提交人')),
            ],
            options={
                'verbose_name': '规则版本',
                'verbose_name_plural': '规则版本',
                'ordering': ['code', 'number'],
                'constraints': [models.CheckConstraint(condition=models.Q(('decided_by', None), ('state', 'withdrawn'), models.Q(('decided_by', models.F('submitted_by')), _negated=True), _connector='OR'), name='rules_ruleversion_two_people', violation_error_message='复核人不能是提交人'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', None), ('state', 'submitted')), models.Q(models.Q(('state', 'submitted'), _negated=True), ('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='rules_ruleversion_decided'), models.UniqueConstraint(fields=('code', 'number'), name='rule_version_number'), models.UniqueConstraint(condition=models.Q(('state', 'submitted')), fields=('code',), name='rule_version_one_waiting', violation_error_message='这条规则已有一版等待复核'), models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='rule_version_above_built_in'), models.CheckConstraint(condition=models.Q(('valid_until', None), ('valid_until__gte', models.F('valid_from')), _connector='OR'), name='rule_version_dates'), django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('state', 'approved')), deferrable=django.db.models.constraints.Deferrable['DEFERRED'], expressions=[('code', '='), (models.Func(models.F('valid_from'), models.F('valid_until'), function='daterange', output_field=django.contrib.postgres.fields.ranges.DateRangeField()), '&&')], name='rule_version_one_a_day', violation_error_message='这条规则在这些天已有生效的版本')],
            },
        ),
        migrations.CreateModel(
            name='RuleVersionEvent',
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
                ('code', models.CharField(max_length=40, verbose_name='编号')),
                ('number', models.PositiveIntegerField(verbose_name='版本')),
                ('kind', models.CharField(choices=[('rule', '规则'), ('off', '停用')], default='rule', max_length=10, verbose_name='变更')),
                ('subject', models.CharField(max_length=20, verbose_name='对象')),
                ('title', models.CharField(max_length=80, verbose_name='名称')),
                ('severity', models.CharField(choices=[('error', '错误'), ('warning', '警告'), ('lead', '疑点')], max_length=10, verbose_name='严重程度')),
                ('family', models.CharField(blank=True, max_length=40, verbose_name='类别')),
                ('sources', models.JSONField(blank=True, default=list, verbose_name='上级编号')),
                ('source', models.CharField(blank=True, max_length=200, verbose_name='依据')),
                ('why', models.CharField(blank=True, max_length=300, verbose_name='为什么查')),
                ('mend', models.CharField(blank=True, max_length=300, verbose_name='怎么改正')),
                ('tree', models.JSONField(verbose_name='条件')),
                ('reason', models.CharField(max_length=200, verbose_name='变更说明')),
                ('based_on', models.PositiveIntegerField(blank=True, null=True, verbose_name='原版本')),
                ('valid_from', models.DateField(verbose_name='生效日期')),
                ('valid_until', models.DateField(blank=True, editable=False, null=True, verbose_name='失效日期')),
                ('decided_by', models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='复核人')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history', to='rules.ruleversion')),
                ('submitted_by', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='提交人')),
            ],
            options={
                'verbose_name': '规则版本变更',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='RuleDraft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(blank=True, max_length=40, verbose_name='编号')),
                ('based_on', models.PositiveIntegerField(blank=True, null=True, verbose_name='原版本')),
                ('subject', models.CharField(max_length=20, verbose_name='对象')),
                ('form', models.JSONField(verbose_name='填写的内容')),
                ('changed_at', models.DateTimeField(auto_now=True, verbose_name='修改时间')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rule_drafts', to=settings.AUTH_USER_MODEL, verbose_name='起草人')),
            ],
            options={
                'verbose_name': '规则草稿',
                'verbose_name_plural': '规则草稿',
                'constraints': [models.UniqueConstraint(condition=models.Q(('code', ''), _negated=True), fields=('user', 'code'), name='rule_draft_one_per_code')],
            },
        ),
        ]),
    ]
