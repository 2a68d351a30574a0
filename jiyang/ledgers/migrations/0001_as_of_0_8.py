import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('ledgers', '0001_list_preference')]

    initial = True

    dependencies = [
        ('accounts', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='ListPreference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ledger', models.CharField(max_length=80, verbose_name='台账')),
                ('columns', models.JSONField(blank=True, default=list, verbose_name='显示的列')),
                ('saved', models.JSONField(blank=True, default=list, verbose_name='常用查询')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='用户')),
            ],
            options={
                'verbose_name': '列表偏好',
                'verbose_name_plural': '列表偏好',
                'constraints': [models.UniqueConstraint(fields=('user', 'ledger'), name='list_preference_once')],
            },
        ),
    ]
