import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
import django.utils.timezone
import jiyang.audit.models
import jiyang.identifiers.encryption
import pghistory.utils
import uuid
from django.conf import settings
from django.db import migrations, models

from jiyang.runtime.migrating import Together


class Migration(migrations.Migration):

    replaces = [('employment', '0001_initial'), ('employment', '0002_telephones'), ('employment', '0003_indexes_of_live_rows')]

    initial = True

    dependencies = [
        ('accounts', '__first__'),
        ('households', '0001_as_of_0_8'),
        ('intake', '0001_as_of_0_8'),
        ('regions', '0001_as_of_0_8'),
    ]

    operations = [
        Together([
        migrations.CreateModel(
            name='LabourPlan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='公开编号')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('done_by', models.CharField(blank=True, max_length=120, verbose_name='办理人')),
                ('done_on', models.DateField(blank=True, null=True, verbose_name='办理日期')),
                ('entered_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='录入时间')),
                ('voided_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='作废时间')),
                ('void_reason', models.CharField(blank=True, editable=False, max_length=200, verbose_name='作废原因')),
                ('plans_to_work', models.BooleanField(blank=True, null=True, verbose_name='是否计划务工')),
                ('planned_county', models.CharField(blank=True, db_default='', default='', max_length=60, verbose_name='计划务工所在县')),
                ('service_need', models.CharField(blank=True, db_default='', default='', max_length=120, verbose_name='就业服务需求')),
                ('job_phone', jiyang.identifiers.encryption.EncryptedTextField(blank=True, editable=True, null=True, verbose_name='电话号码')),
                ('job_phone_index', models.BinaryField(blank=True, null=True, verbose_name='电话号码索引')),
                ('job_phone_is_mobile', models.BooleanField(blank=True, editable=False, null=True, verbose_name='电话是手机号')),
                ('district', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='regions.region', verbose_name='区县')),
                ('entered_by', models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='录入人')),
                ('household', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='%(class)s_set', to='households.household', verbose_name='户')),
                ('origin', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='intake.batch', verbose_name='来源批次')),
                ('person', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='plans', to='households.person', verbose_name='人员')),
                ('town', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='regions.region', verbose_name='镇街')),
                ('village', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='regions.region', verbose_name='行政村')),
                ('voided_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='作废人')),
            ],
            options={
                'verbose_name': '务工计划',
                'verbose_name_plural': '务工计划',
                'abstract': False,
                'base_manager_name': 'all_rows',
                'default_manager_name': 'objects',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('void_reason', ''), ('voided_at', None), ('voided_by', None)), models.Q(('voided_at__isnull', False), models.Q(('void_reason', ''), _negated=True)), _connector='OR'), name='employment_labourplan_void', violation_error_message='作废须写明时间和原因'), models.UniqueConstraint(condition=models.Q(('voided_at', None)), fields=('person',), name='labour_plan_one_live', violation_error_message='此人已有务工计划，请修改原有的一份')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('all_rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='LabourPlanEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False, verbose_name='事件号')),
                ('pgh_xid', jiyang.audit.models.XidField(db_default=jiyang.audit.models.CurrentXid(), editable=False, verbose_name='事务号')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.BigIntegerField()),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, verbose_name='公开编号')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('done_by', models.CharField(blank=True, max_length=120, verbose_name='办理人')),
                ('done_on', models.DateField(blank=True, null=True, verbose_name='办理日期')),
                ('entered_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='录入时间')),
                ('voided_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='作废时间')),
                ('void_reason', models.CharField(blank=True, editable=False, max_length=200, verbose_name='作废原因')),
                ('plans_to_work', models.BooleanField(blank=True, null=True, verbose_name='是否计划务工')),
                ('planned_county', models.CharField(blank=True, db_default='', default='', max_length=60, verbose_name='计划务工所在县')),
                ('service_need', models.CharField(blank=True, db_default='', default='', max_length=120, verbose_name='就业服务需求')),
                ('job_phone', jiyang.identifiers.encryption.EncryptedTextField(blank=True, editable=True, null=True, verbose_name='电话号码')),
                ('job_phone_index', models.BinaryField(blank=True, null=True, verbose_name='电话号码索引')),
                ('job_phone_is_mobile', models.BooleanField(blank=True, editable=False, null=True, verbose_name='电话是手机号')),
                ('district', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='regions.region', verbose_name='区县')),
                ('entered_by', models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='录入人')),
                ('household', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='households.household', verbose_name='户')),
                ('origin', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='intake.batch', verbose_name='来源批次')),
                ('person', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='households.person', verbose_name='人员')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history', to='employment.labourplan')),
                ('town', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='regions.region', verbose_name='镇街')),
                ('village', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='regions.region', verbose_name='行政村')),
                ('voided_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='作废人')),
            ],
            options={
                'verbose_name': '务工计划变更',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='LabourSpell',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='公开编号')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('done_by', models.CharField(blank=True, max_length=120, verbose_name='办理人')),
                ('done_on', models.DateField(blank=True, null=True, verbose_name='办理日期')),
                ('entered_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='录入时间')),
                ('voided_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='作废时间')),
                ('void_reason', models.CharField(blank=True, editable=False, max_length=200, verbose_name='作废原因')),
                ('working', models.BooleanField(blank=True, null=True, verbose_name='是否已务工')),
                ('job_started_on', models.DateField(blank=True, null=True, verbose_name='开始时间')),
                ('job_ended_on', models.DateField(blank=True, null=True, verbose_name='结束时间')),
                ('job_place', models.CharField(blank=True, db_default='', default='', max_length=120, verbose_name='务工所在地')),
                ('job_county', models.CharField(blank=True, db_default='', default='', max_length=60, verbose_name='务工所在县')),
                ('job_monthly_pay', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, verbose_name='务工月收入（元）')),
                ('job_employer', models.CharField(blank=True, db_default='', default='', max_length=120, verbose_name='务工企业名称')),
                ('job_industry', models.CharField(blank=True, db_default='', default='', max_length=60, verbose_name='所属行业')),
                ('point_to_point', models.BooleanField(blank=True, null=True, verbose_name='是否点对点输送')),
                ('job_channel', models.CharField(blank=True, db_default='', default='', max_length=60, verbose_name='就业渠道')),
                ('travel_subsidy', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, verbose_name='年度交通费补助（元）')),
                ('job_phone', jiyang.identifiers.encryption.EncryptedTextField(blank=True, editable=True, null=True, verbose_name='电话号码')),
                ('job_phone_index', models.BinaryField(blank=True, null=True, verbose_name='电话号码索引')),
                ('job_phone_is_mobile', models.BooleanField(blank=True, editable=False, null=True, verbose_name='电话是手机号')),
                ('other_info', models.CharField(blank=True, db_default='', default='', max_length=200, verbose_name='其他信息')),
                ('district', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='regions.region', verbose_name='区县')),
                ('entered_by', models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='录入人')),
                ('household', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='%(class)s_set', to='households.household', verbose_name='户')),
                ('origin', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='intake.batch', verbose_name='来源批次')),
                ('person', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='spells', to='households.person', verbose_name='人员')),
                ('town', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='regions.region', verbose_name='镇街')),
                ('village', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='regions.region', verbose_name='行政村')),
                ('voided_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='作废人')),
            ],
            options={
                'verbose_name': '务工',
                'verbose_name_plural': '务工',
                'abstract': False,
                'base_manager_name': 'all_rows',
                'default_manager_name': 'objects',
                'indexes': [models.Index(condition=models.Q(('voided_at', None)), fields=['job_phone_index'], name='spell_phone')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('void_reason', ''), ('voided_at', None), ('voided_by', None)), models.Q(('voided_at__isnull', False), models.Q(('void_reason', ''), _negated=True)), _connector='OR'), name='employment_labourspell_void', violation_error_message='作废须写明时间和原因'), models.UniqueConstraint(models.F('person'), django.db.models.functions.datetime.ExtractYear('job_started_on'), django.db.models.functions.datetime.ExtractMonth('job_started_on'), models.F('job_employer'), condition=models.Q(('voided_at', None)), name='spell_once', nulls_distinct=False, violation_error_message='此人这个月开始的同一单位的务工已经登记')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('all_rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='LabourSpellEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False, verbose_name='事件号')),
                ('pgh_xid', jiyang.audit.models.XidField(db_default=jiyang.audit.models.CurrentXid(), editable=False, verbose_name='事务号')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.BigIntegerField()),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, verbose_name='公开编号')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('done_by', models.CharField(blank=True, max_length=120, verbose_name='办理人')),
                ('done_on', models.DateField(blank=True, null=True, verbose_name='办理日期')),
                ('entered_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='录入时间')),
                ('voided_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='作废时间')),
                ('void_reason', models.CharField(blank=True, editable=False, max_length=200, verbose_name='作废原因')),
                ('working', models.BooleanField(blank=True, null=True, verbose_name='是否已务工')),
                ('job_started_on', models.DateField(blank=True, null=True, verbose_name='开始时间')),
                ('job_ended_on', models.DateField(blank=True, null=True, verbose_name='结束时间')),
                ('job_place', models.CharField(blank=True, db_default='', default='', max_length=120, verbose_name='务工所在地')),
                ('job_county', models.CharField(blank=True, db_default='', default='', max_length=60, verbose_name='务工所在县')),
                ('job_monthly_pay', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, verbose_name='务工月收入（元）')),
                ('job_employer', models.CharField(blank=True, db_default='', default='', max_length=120, verbose_name='务工企业名称')),
                ('job_industry', models.CharField(blank=True, db_default='', default='', max_length=60, verbose_name='所属行业')),
                ('point_to_point', models.BooleanField(blank=True, null=True, verbose_name='是否点对点输送')),
                ('job_channel', models.CharField(blank=True, db_default='', default='', max_length=60, verbose_name='就业渠道')),
                ('travel_subsidy', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, verbose_name='年度交通费补助（元）')),
                ('job_phone', jiyang.identifiers.encryption.EncryptedTextField(blank=True, editable=True, null=True, verbose_name='电话号码')),
                ('job_phone_index', models.BinaryField(blank=True, null=True, verbose_name='电话号码索引')),
                ('job_phone_is_mobile', models.BooleanField(blank=True, editable=False, null=True, verbose_name='电话是手机号')),
                ('other_info', models.CharField(blank=True, db_default='', default='', max_length=200, verbose_name='其他信息')),
                ('district', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='regions.region', verbose_name='区县')),
                ('entered_by', models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='录入人')),
                ('household', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='households.household', verbose_name='户')),
                ('origin', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='intake.batch', verbose_name='来源批次')),
                ('person', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='households.person', verbose_name='人员')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history', to='employment.labourspell')),
                ('town', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='regions.region', verbose_name='镇街')),
                ('village', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='regions.region', verbose_name='行政村')),
                ('voided_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='作废人')),
            ],
            options={
                'verbose_name': '务工变更',
                'abstract': False,
            },
        ),
        ]),
    ]
