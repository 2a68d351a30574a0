"""A county's five exports, made household by household from what differs from a sound one: for tests of the catalogue.

Keys of a difference: `主.健康状况` (head), `偶.…` (spouse), `子.…` (son), `加1.…` (a further adult), `户.…` (household columns of C and F),
`F.…` (F alone), `工.…`, `工2.…`, `偶工.…`, `子工.…` (job rows of D), `计.…`, `偶计.…` (plan rows of G), `村.…` (E). Without a dot: 去 (members
that are left out), 普通 (not monitored), 已消除 (removed by help), 无工 (no job rows), 只有F (no people known). `主.生日` and `主.证号` make the number.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from pathlib import Path

import xlsxwriter

from jiyang.identifiers import idcard
from jiyang.intake.layouts import layouts

PERSON = {
    "户类型": "脱贫户", "监测对象类别": "脱贫不稳定户", "证件类型": "居民身份证", "民族": "汉族", "文化程度": "初中", "健康状况": "健康",
    "劳动技能": "普通劳动力", "是否参加城乡居民基本医疗保险": "是", "是否参加城镇职工基本医疗保险": "否", "是否参加大病保险": "是",
    "是否接受医疗救助": "否", "是否参加城乡居民基本养老保险": "是", "是否参加城镇职工基本养老保险": "否",
}  # fmt: skip
MEMBERS = {
    "主": {"生日": "1982-05-04", "性别": "男", "与户主关系": "户主", "务工所在地": "县外省内"},
    "偶": {"生日": "1984-03-02", "性别": "女", "与户主关系": "配偶"},
    "子": {"生日": "2015-09-10", "性别": "男", "与户主关系": "之子", "文化程度": "", "在校生状况": "小学", "劳动技能": "无劳动力"},
    "加1": {"生日": "1990-01-15", "性别": "男", "与户主关系": "之兄弟姐妹"},
    "加2": {"生日": "1991-01-15", "性别": "女", "与户主关系": "其他"},
}  # fmt: skip
HOME = {
    "整户无劳动能力兜底保障户": "否", "耕地面积（亩）": "4", "林地面积（亩）": "0", "退耕还林面积（亩）": "0", "林果面积（亩）": "0", "牧草地面积": "0",
    "水面面积": "0", "住房面积": "90", "是否危房户": "否", "是否解决安全饮用水": "是", "是否通生活用电": "是", "是否有卫生厕所": "是",
    "卫生厕所是否能正常使用": "是", "入户道路是否硬化": "是", "与村主干路距离": "1", "人均纯收入（元）": "12000", "工资性收入": "9000",
    "生产经营性收入": "3000", "转移性收入": "500", "合规自付支出": "500", "致贫/返贫风险1": "因产业项目失败", "识别监测时间": "202406",
    "是否义务教育阶段适龄儿童少年失学辍学": "否", "是否有家庭成员未参加城乡居民（职工）基本医疗保险": "否", "实施开发式帮扶措施情况": "已实施",
    "产业帮扶": "发展种养业", "风险是否已消除": "否", "信息采集人": "甲", "信息采集人联系电话": "13800000001", "监测联系人": "乙",
    "监测联系人电话": "13800000002",
}  # fmt: skip
CASE = (
    "监测对象类别", "致贫/返贫风险1", "识别监测时间", "实施开发式帮扶措施情况", "产业帮扶", "风险是否已消除", "信息采集人", "信息采集人联系电话",
    "监测联系人", "监测联系人电话",
)  # fmt: skip
REMOVED = {
    "识别监测时间": "202403", "风险是否已消除": "是", "风险消除方式": "帮扶消除", "消除监测时间": "202412",
    "风险消除后是否义务教育阶段适龄儿童少年失学辍学": "否", "风险消除后是否住房损毁": "否",
    "风险消除后是否有家庭成员未参加城乡居民（职工）基本医疗保险": "否", "风险消除后是否饮水设施损毁": "否", "风险消除后工资性收入": "9000",
    "风险消除后财产性收入": "0", "风险消除后转移性收入": "500", "风险消除后生产经营性收入": "3000", "风险消除后生产经营性支出": "1000",
    "风险消除后家庭纯收入": "36000", "风险消除后家庭人均纯收入": "12000", "风险消除后理赔收入": "0", "风险消除后合规自付支出": "0",
}  # fmt: skip
JOB = {
    "是否已务工": "是", "开始时间": "20240801", "务工所在地": "山东省济南市历城区", "务工所在县": "历城区", "务工月收入": "3500",
    "务工企业名称": "甲公司", "所属行业": "制造业", "是否点对点输送": "否", "就业渠道": "自主就业",
}  # fmt: skip
VILLAGE = {
    "总户数": "300", "总人口数": "900", "低保户数": "10", "低保人口数": "12", "特困供养人口数": "3", "残疾人口数": "20", "危房户数": "0",
    "未实现饮水安全户数": "0", "参加城乡居民基本养老保险人数": "500", "行政村卫生室个数": "1", "到乡镇是否通沥青（水泥）路": "是",
}  # fmt: skip
FILES = {"C": "roster_c", "D": "roster_d", "E": "roster_e", "F": "roster_f", "G": "roster_g"}
MOBILE = 13_900_000_000
Renamed = Mapping[str, Mapping[str, str]]


def number(birth: str, sex: str, order: int) -> str:
    """A sound ID number that nobody else of the county has."""
    digits = f"3701{10 + order // 400:02d}{birth.replace('-', '')}{2 * (order % 400) + (sex == '男') + 100:03d}"
    return digits + idcard.check_digit(digits)


class County:
    """Rows by file; whose household each record belongs to is told by `owner`."""

    def __init__(self, villages: list[tuple[str, str]]) -> None:
        self.villages, self.rows, self.homes, self.people = villages, {key: [] for key in FILES}, 0, 0
        self.owner: dict[str, str] = {}

    def add(self, name: str, changes: Mapping) -> dict[str, str]:
        """Plant a household (or village) named `name`; answers the record of each of its people, of 户 and of 村."""
        if any(key.startswith("村.") for key in changes):
            return self._village(name, changes)
        place = {"县": "济阳区", "乡": self.villages[0][0], "村": self.villages[0][1]}
        place |= {"县(市、区、旗)": place["县"], "乡(镇)": place["乡"], "行政村": place["村"]}
        self.homes += 1
        home = {**HOME, **place, "户编号": f"37{self.homes:014d}"}
        if changes.get("已消除"):
            home |= REMOVED
        common = {**PERSON, **home, "户联系电话": str(MOBILE + self._next())}
        if changes.get("普通"):
            common |= dict.fromkeys(CASE, "")
        common |= picked(changes, "户")
        members = [
            one for one in MEMBERS if (one in "主偶子" or picked(changes, one)) and one not in changes.get("去", ())
        ]
        people = {one: self._person(common, one, picked(changes, one)) for one in members}
        found = {one: person["证件号码"] or common["户编号"] for one, person in people.items()}
        if not changes.get("只有F"):
            self.rows["C"] += people.values()
            self._work(people, changes)
        head = next(iter(people.values()))
        self.rows["F"].append({**head, "家庭人口数": str(len(people)), **picked(changes, "F")})
        found["户"] = common["户编号"]
        self.owner |= dict.fromkeys(found.values(), name)
        return found

    def _next(self) -> int:
        self.people += 1
        return self.people

    def _person(self, common: dict, one: str, own: dict) -> dict[str, str]:
        person = {
            **common,
            **MEMBERS[one],
            "家庭成员联系电话": str(MOBILE + self._next()) if one == "主" else "",
            **own,
        }
        made = number(person["生日"], person["性别"], self._next())
        written = person.get("证号", "{}").replace("{}", made)
        if written.endswith("坏"):  # the check digit beside the right one
            right = made[17]
            written = written[:-1].replace(made, made[:17] + ("0" if right != "0" else "1"))
        born = dt.date.fromisoformat(person["生日"])
        return {
            "姓名": f"张{one}",
            "人编号": f"38{self.people:014d}",
            "证件号码": written,
            "出生日期": f"{born:%Y%m%d}",
            **person,
        }

    def _work(self, people: dict[str, dict], changes: Mapping) -> None:
        for key, one in (("工", "主"), ("工2", "主"), ("偶工", "偶"), ("子工", "子"), ("加1工", "加1")):
            own = picked(changes, key)
            if one in people and (own or (key == "工" and not changes.get("无工"))):
                phone = {"电话号码": str(MOBILE + self._next())}
                self.rows["D"].append({**people[one], "备注": "", **JOB, **phone, **own})
        for key, one in (("计", "主"), ("偶计", "偶")):
            if one in people:
                self.rows["G"].append({**people[one], "是否计划务工": "否", **picked(changes, key)})

    def _village(self, name: str, changes: Mapping) -> dict[str, str]:
        town, village = self.villages[len(self.rows["E"]) + 1]
        self.rows["E"].append({"县": "济阳区", "乡": town, "村": village, **VILLAGE, **picked(changes, "村")})
        self.owner[village] = name
        return {"村": village}

    def write(
        self, folder: Path, renamed: Renamed | None = None, *, without: Collection[str] = (), backwards: bool = False
    ) -> list[str]:
        """The five files as real workbooks, heading in the third row; some headings `renamed`, left out, all turned round."""
        files = []
        for key, layout in FILES.items():
            titles = [one.heading for one in layouts()[layout].fields if one.heading not in without]
            shown = (renamed or {}).get(key, {})
            files.append(self._write(folder / f"{key}.xlsx", key, titles[::-1] if backwards else titles, shown))
        return files

    def _write(self, path: Path, key: str, titles: list[str], shown: Mapping[str, str]) -> str:
        with xlsxwriter.Workbook(str(path)) as book:
            sheet = book.add_worksheet()
            sheet.write(0, 0, layouts()[FILES[key]].title)
            sheet.write_row(2, 0, [shown.get(title, title) for title in titles])
            for line, row in enumerate(self.rows[key], 3):
                for column, title in enumerate(titles):
                    sheet.write_string(line, column, str(row.get(title, "")))
        return str(path)


def picked(changes: Mapping, who: str) -> dict[str, str]:
    return {key.partition(".")[2]: str(value) for key, value in changes.items() if key.partition(".")[0] == who}
