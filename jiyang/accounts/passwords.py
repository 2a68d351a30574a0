"""Password rules of DOMAIN.md 14.2: length, classes, weak list, no reuse of the last five."""

import string

import zxcvbn
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError

LENGTH, CLASSES, REMEMBERED, WEAKEST_SCORE = 10, 3, 5, 2


class StrengthValidator:
    """At least ten characters from three of four classes, and not one that guessing finds quickly."""

    def validate(self, password: str, user=None) -> None:
        groups = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
        classes = sum(any(char in group for char in password) for group in groups)
        classes += any(not char.isalnum() for char in password)
        problems = []
        if len(password) < LENGTH:
            problems.append(f"密码至少 {LENGTH} 位，现在是 {len(password)} 位")
        if classes < CLASSES:
            problems.append("密码须含大写字母、小写字母、数字、符号中的三种")
        words = [user.username, user.name] if user else []
        if not problems and zxcvbn.zxcvbn(password[:72], user_inputs=words)["score"] < WEAKEST_SCORE:
            problems.append("密码太容易猜中，请避开账号、姓名、生日、键盘顺序和常用词")
        if problems:
            raise ValidationError(problems)

    def get_help_text(self) -> str:
        return f"至少 {LENGTH} 位，含大写字母、小写字母、数字、符号中的三种"


class ReuseValidator:
    """Not one of the user's last five passwords."""

    def validate(self, password: str, user=None) -> None:
        if user is None or user.pk is None:
            return
        former = user.former_passwords.order_by("-at").values_list("password", flat=True)[:REMEMBERED]
        if any(check_password(password, encoded) for encoded in [user.password, *former]):
            raise ValidationError(f"不能使用最近 {REMEMBERED} 次用过的密码，请换一个")

    def get_help_text(self) -> str:
        return f"不能与最近 {REMEMBERED} 次相同"
