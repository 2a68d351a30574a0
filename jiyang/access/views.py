from django.views.generic import TemplateView

from jiyang.access.matrix import matrix


class MatrixView(TemplateView):
    """权限矩阵: which role holds which right and sees which field group, as the running system decides."""

    template_name = "access/matrix.html"

    def get_context_data(self, **kwargs) -> dict:
        rules = matrix()
        roles = list(rules.roles.values())
        lines = [(rules.titles[right], granted) for right, granted in rules.rights.items()]
        for act in rules.acts.values():
            lines += [(f"{act.title}：经办", act.maker), (f"{act.title}：复核", act.checker)]
        lines += [(f"字段组：{title}", rules.grants[group]) for group, title in rules.field_groups.items()]
        table = [{"title": title, "cells": [role.key in granted for role in roles]} for title, granted in lines]
        return {**super().get_context_data(**kwargs), "title": "权限矩阵", "roles": roles, "table": table}
