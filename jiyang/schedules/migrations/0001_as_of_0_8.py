import django.core.serializers.json
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from jiyang.runtime.migrating import Together


class Migration(migrations.Migration):

    replaces = [('schedules', '0001_run_ledger')]

    initial = True

    dependencies = [
        ('accounts', '__first__'),
        ('regions', '0001_as_of_0_8'),
    ]

    operations = [
        Together([
        migrations.CreateModel(
            name='JobRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('job', models.CharField(max_length=80, verbose_name='任务')),
                ('period', models.CharField(max_length=20, verbose_name='期')),
                ('state', models.CharField(choices=[('waiting', '待运行'), ('running', '运行中'), ('done', '已完成'), ('failed', '失败'), ('skipped', '已略过')], default='waiting', max_length=10, verbose_name='状态')),
                ('planned_at', models.DateTimeField(blank=True, null=True, verbose_name='应运行时间')),
                ('attempt', models.PositiveSmallIntegerField(default=0, verbose_name='第几次')),
                ('interrupted', models.PositiveSmallIntegerField(default=0, verbose_name='连续中断次数')),
                ('token', models.UUIDField(blank=True, null=True, verbose_name='运行标识')),
                ('started_at', models.DateTimeField(blank=True, null=True, verbose_name='开始时间')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='结束时间')),
                ('summary', models.JSONField(blank=True, default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name='结果')),
                ('error', models.TextField(blank=True, verbose_name='失败原因')),
                ('asked_reason', models.CharField(blank=True, max_length=200, verbose_name='要求运行的原因')),
                ('asked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='要求运行的人')),
                ('region', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='regions.region', verbose_name='区划')),
            ],
            options={
                'verbose_name': '运行记录',
                'verbose_name_plural': '运行记录',
                'indexes': [models.Index(fields=['state', 'job'], name='schedules_j_state_fac814_idx'), models.Index(fields=['job', '-planned_at'], name='schedules_j_job_1616e0_idx')],
                'constraints': [models.UniqueConstraint(fields=('job', 'period', 'region'), name='job_run_once', nulls_distinct=False), models.CheckConstraint(condition=models.Q(models.Q(('state', 'running'), ('token__isnull', False)), models.Q(models.Q(('state', 'running'), _negated=True), ('token', None)), _connector='OR'), name='job_run_token'), models.CheckConstraint(condition=models.Q(models.Q(('asked_by', None), ('asked_reason', '')), models.Q(('asked_by__isnull', False), models.Q(('asked_reason', ''), _negated=True)), _connector='OR'), name='job_run_asked', violation_error_message='补跑、重跑须写明原因')],
            },
        ),
        migrations.CreateModel(
            name='JobAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(verbose_name='第几次')),
                ('state', models.CharField(choices=[('running', '运行中'), ('done', '已完成'), ('failed', '失败'), ('interrupted', '中断')], default='running', max_length=12, verbose_name='状态')),
                ('started_at', models.DateTimeField(verbose_name='开始时间')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='结束时间')),
                ('process', models.CharField(blank=True, max_length=80, verbose_name='运行进程')),
                ('lines', models.JSONField(blank=True, default=list, verbose_name='过程')),
                ('summary', models.JSONField(blank=True, default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name='结果')),
                ('error', models.TextField(blank=True, verbose_name='失败原因')),
                ('asked_reason', models.CharField(blank=True, max_length=200, verbose_name='要求运行的原因')),
                ('asked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='要求运行的人')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attempts', to='schedules.jobrun', verbose_name='运行记录')),
            ],
            options={
                'verbose_name': '运行尝试',
                'verbose_name_plural': '运行尝试',
                'constraints': [models.UniqueConstraint(fields=('run', 'number'), name='job_attempt_once')],
            },
        ),
        ]),
    ]
