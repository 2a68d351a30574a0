import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import jiyang.audit.models
import pghistory.utils
import uuid
from django.conf import settings
from django.db import migrations, models

from jiyang.runtime.migrating import Together


class Migration(migrations.Migration):

    replaces = [('villages', '0001_villages'), ('villages', '0002_indexes_of_live_rows')]

    initial = True

    dependencies = [
        ('accounts', '__first__'),
        ('intake', '0001_as_of_0_8'),
        ('regions', '0001_as_of_0_8'),
    ]

    operations = [
        Together([
        migrations.CreateModel(
            name='VillageYear',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='公开编号')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('done_by', models.CharField(blank=True, max_length=120, verbose_name='办理人')),
                ('done_on', models.DateField(blank=True, null=True, verbose_name='办理日期')),
                ('entered_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='录入时间')),
                ('voided_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='作废时间')),
                ('void_reason', models.CharField(blank=True, editable=False, max_length=200, verbose_name='作废原因')),
                ('year', models.PositiveSmallIntegerField(verbose_name='年度')),
                ('households_total', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='总户数')),
                ('people_total', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='总人口数')),
                ('allowance_households', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='低保户数')),
                ('allowance_people', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='低保人口数')),
                ('destitute_people', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='特困供养人口数')),
                ('disabled_people', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='残疾人口数')),
                ('dangerous_house_households', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='危房户数')),
                ('unsafe_water_households', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='未实现饮水安全户数')),
                ('pension_people', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='参加城乡居民基本养老保险人数')),
                ('collective_income_wan', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, verbose_name='村级集体经济收入（万元）')),
                ('primary_schools', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='村小学（个数）')),
                ('clinics', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='行政村卫生室个数')),
                ('doctors', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='行政村执业（助理）医师（人）')),
                ('public_toilets', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='行政村公共卫生厕所个数')),
                ('waste_points', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='行政村生产生活垃圾集中堆放点个数（个）')),
                ('reading_rooms', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='行政村文化（图书）室个数（个）')),
                ('paved_road', models.BooleanField(blank=True, null=True, verbose_name='到乡镇是否通沥青（水泥）路')),
                ('bus_service', models.BooleanField(blank=True, null=True, verbose_name='是否通客运班车')),
                ('lifted_village', models.BooleanField(blank=True, null=True, verbose_name='是否出列')),
                ('district', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='regions.region', verbose_name='区县')),
                ('entered_by', models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='录入人')),
                ('origin', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='intake.batch', verbose_name='来源批次')),
                ('town', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='regions.region', verbose_name='镇街')),
                ('village', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='regions.region', verbose_name='行政村')),
                ('voided_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='作废人')),
            ],
            options={
                'verbose_name': '行政村信息',
                'verbose_name_plural': '行政村信息',
                'abstract': False,
                'base_manager_name': 'all_rows',
                'default_manager_name': 'objects',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('void_reason', ''), ('voided_at', None), ('voided_by', None)), models.Q(('voided_at__isnull', False), models.Q(('void_reason', ''), _negated=True)), _connector='OR'), name='villages_villageyear_void', violation_error_message='作废须写明时间和原因'), models.CheckConstraint(condition=models.Q(('town__isnull', False), ('village__isnull', False)), name='villageyear_of_a_village', violation_error_message='请选择行政村'), models.UniqueConstraint(condition=models.Q(('voided_at', None)), fields=('village', 'year'), name='villageyear_once', violation_error_message='这个村这一年度的信息已经登记，请修改原有的一条')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('all_rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='VillageYearEvent',
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
                ('year', models.PositiveSmallIntegerField(verbose_name='年度')),
                ('households_total', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='总户数')),
                ('people_total', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='总人口数')),
                ('allowance_households', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='低保户数')),
                ('allowance_people', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='低保人口数')),
                ('destitute_people', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='特困供养人口数')),
                ('disabled_people', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='残疾人口数')),
                ('dangerous_house_households', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='危房户数')),
                ('unsafe_water_households', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='未实现饮水安全户数')),
                ('pension_people', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='参加城乡居民基本养老保险人数')),
                ('collective_income_wan', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, verbose_name='村级集体经济收入（万元）')),
                ('primary_schools', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='村小学（个数）')),
                ('clinics', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='行政村卫生室个数')),
                ('doctors', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='行政村执业（助理）医师（人）')),
                ('public_toilets', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='行政村公共卫生厕所个数')),
                ('waste_points', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='行政村生产生活垃圾集中堆放点个数（个）')),
                ('reading_rooms', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='行政村文化（图书）室个数（个）')),
                ('paved_road', models.BooleanField(blank=True, null=True, verbose_name='到乡镇是否通沥青（水泥）路')),
                ('bus_service', models.BooleanField(blank=True, null=True, verbose_name='是否通客运班车')),
                ('lifted_village', models.BooleanField(blank=True, null=True, verbose_name='是否出列')),
                ('district', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='regions.region', verbose_name='区县')),
                ('entered_by', models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='录入人')),
                ('origin', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='intake.batch', verbose_name='来源批次')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history', to='villages.villageyear')),
                ('town', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='regions.region', verbose_name='镇街')),
                ('village', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='regions.region', verbose_name='行政村')),
                ('voided_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='作废人')),
            ],
            options={
                'verbose_name': '行政村信息变更',
                'abstract': False,
            },
        ),
        ]),
    ]
