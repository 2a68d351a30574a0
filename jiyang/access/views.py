"""权限矩阵 as the running system decides, for administrators and the auditor; the same as a file."""

import csv

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from django.urls import get_resolver
from django.utils import timezone
from django.views.generic import TemplateView, View

from jiyang.access.matrix import Matrix, Role, matrix
from jiyang.access.routes import routes
from jiyang.audit.enums import LogKind
from jiyang.audit.log import note

COMMON = "access"  # the kernel's own part of the matrix
MADE, CHECKED, BOTH, HELD = "经办", "复核", "经办、复核", "有"


def app_title(label: str) -> str:
    if label == COMMON:
        return "通用"
    return str(apps.get_app_config(label).verbose_name) if label in apps.app_configs else label


def lines_of(rules: Matrix, roles: list[Role]) -> list[dict]:
    """One line per right, act and field group: its app, what it is, and for each role what it holds ("" for nothing)."""
    found = [
        _line(rules, right, "权限", rules.titles[right], [HELD if role.key in granted else "" for role in roles])
        for right, granted in rules.rights.items()
    ]
    for act in rules.acts.values():
        held = [(role.key in act.maker, role.key in act.checker) for role in roles]
        words = [BOTH if made and checked else MADE if made else CHECKED if checked else "" for made, checked in held]
        found.append(_line(rules, act.key, "两人办理", act.title, words))
    found += [
        _line(rules, group, "字段组", title, [HELD if role.key in rules.grants[group] else "" for role in roles])
        for group, title in rules.field_groups.items()
    ]
    return found


def _line(rules: Matrix, key: str, kind: str, title: str, cells: list[str]) -> dict:
    home = rules.homes.get(key, COMMON)
    return {"app": home, "app_title": app_title(home), "kind": kind, "key": key, "title": title, "cells": cells}


def pages_of(rules: Matrix, role: Role) -> list[dict]:
    """Every address that a role may open."""
    held = frozenset([role.key])
    return [
        {"path": f"/{route.pattern}", "name": route.name}
        for route in routes(get_resolver())
        if rules.may_open(route.name, held)
    ]


class MatrixView(TemplateView):
    """Roles as columns; filters by app and role. With a role chosen: only what it holds, and the pages it opens."""

    template_name = "access/matrix.html"

    def get_context_data(self, **kwargs) -> dict:
        rules, query = matrix(), self.request.GET
        chosen = rules.roles.get(query.get("role", ""))
        roles = [chosen] if chosen else list(rules.roles.values())
        lines = lines_of(rules, roles)
        found_apps = dict.fromkeys((line["app"], line["app_title"]) for line in lines)
        if query.get("app"):
            lines = [line for line in lines if line["app"] == query["app"]]
        if chosen:
            lines = [line for line in lines if line["cells"][0]]
        groups: dict[str, list] = {}
        for line in lines:
            groups.setdefault(line["app_title"], []).append(line)
        return {
            **super().get_context_data(**kwargs), "title": "权限矩阵", "roles": roles, "groups": groups.items(),
            "all_roles": list(rules.roles.values()), "apps": list(found_apps), "query": query.dict(), "chosen": chosen,
            "pages": pages_of(rules, chosen) if chosen else [], "total": len(lines), "width": len(roles) + 1,
        }  # fmt: skip


class MatrixExportView(View):
    """The whole matrix as .csv, for the auditor's file; logged."""

    def get(self, request: HttpRequest) -> HttpResponse:
        rules = matrix()
        roles, response = list(rules.roles.values()), HttpResponse(content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="permission-matrix-{timezone.localdate():%Y%m%d}.csv"'
        response.write("\ufeff")  # so that office programs read it as UTF-8
        lines, out = lines_of(rules, roles), csv.writer(response)
        out.writerow(["模块", "类别", "权限", *(role.title for role in roles)])
        out.writerows([line["app_title"], line["kind"], line["title"], *line["cells"]] for line in lines)
        note(LogKind.EXPORT, table="access.matrix", rows=len(lines), purpose="权限矩阵")
        return response
