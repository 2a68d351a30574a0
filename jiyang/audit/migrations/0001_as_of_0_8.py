import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from jiyang.runtime.migrating import Together


class Migration(migrations.Migration):

    replaces = [('audit', '0001_initial'), ('audit', '0002_people_and_deputies'), ('audit', '0003_schedule_switched'), ('audit', '0004_latest_lines')]

    initial = True

    dependencies = [
        ('accounts', '__first__'),
    ]

    operations = [
        Together([
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True, verbose_name='封存时间')),
                ('table', models.CharField(max_length=80, verbose_name='事件表')),
                ('from_xid', models.BigIntegerField(verbose_name='起始事务')),
                ('until_xid', models.BigIntegerField(verbose_name='截止事务')),
                ('rows', models.BigIntegerField(verbose_name='事件数')),
                ('columns', models.JSONField(default=list, verbose_name='列')),
                ('previous', models.BinaryField(max_length=32, verbose_name='上一摘要')),
                ('digest', models.BinaryField(max_length=32, verbose_name='摘要')),
            ],
            options={
                'verbose_name': '封存',
                'verbose_name_plural': '封存',
                'constraints': [models.UniqueConstraint(fields=('table', 'from_xid'), name='seal_once')],
            },
        ),
        migrations.CreateModel(
            name='AccessLog',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True, verbose_name='时间')),
                ('kind', models.CharField(choices=[('reveal', '查看全号'), ('export', '导出'), ('download', '下载附件'), ('login', '登录'), ('login_failed', '登录失败'), ('locked', '账号锁定'), ('logout', '退出'), ('refused', '越权被拒'), ('password', '修改密码'), ('account', '账号变更'), ('rights', '岗位变更'), ('session', '结束会话'), ('verify', '核验变更记录'), ('schedule', '启停定时任务')], max_length=16, verbose_name='行为')),
                ('table', models.CharField(blank=True, max_length=60, verbose_name='对象')),
                ('row', models.BigIntegerField(blank=True, null=True, verbose_name='对象编号')),
                ('columns', models.CharField(blank=True, max_length=200, verbose_name='字段')),
                ('purpose', models.CharField(blank=True, max_length=200, verbose_name='用途')),
                ('rows', models.PositiveIntegerField(blank=True, null=True, verbose_name='行数')),
                ('address', models.GenericIPAddressField(blank=True, null=True, verbose_name='来源地址')),
                ('request', models.UUIDField(blank=True, null=True, verbose_name='请求号')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='用户')),
            ],
            options={
                'verbose_name': '调阅日志',
                'verbose_name_plural': '调阅日志',
                'indexes': [models.Index(fields=['user', '-at'], name='audit_acces_user_id_1183ab_idx'), models.Index(fields=['table', 'row'], name='audit_acces_table_e2edc5_idx'), models.Index(fields=['-at'], name='access_log_latest')],
            },
        ),
        ]),
    ]
