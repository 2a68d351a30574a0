"""Code lists of the register (DOMAIN.md 1.6): short English value, official Chinese label.

Further spellings of the labels stand in `layouts/labels.yaml`; imports nothing of ours.
"""

from django.db import models


class Relation(models.TextChoices):
    """与户主关系. `male` and `female` are the relations that only one sex can have (DOMAIN.md 1.6, 2_01_004)."""

    HEAD = "head", "户主"
    SPOUSE = "spouse", "配偶"
    SON = "son", "之子"
    DAUGHTER = "daughter", "之女"
    DAUGHTER_IN_LAW = "daughter_in_law", "之儿媳"
    SON_IN_LAW = "son_in_law", "之女婿"
    GRANDSON = "grandson", "之孙子"
    GRANDDAUGHTER = "granddaughter", "之孙女"
    GRANDSON_BY_DAUGHTER = "grandson_by_daughter", "之外孙子"
    GRANDDAUGHTER_BY_DAUGHTER = "granddaughter_by_d", "之外孙女"
    FATHER = "father", "之父"
    MOTHER = "mother", "之母"
    WIFES_FATHER = "wifes_father", "之岳父"
    WIFES_MOTHER = "wifes_mother", "之岳母"
    HUSBANDS_FATHER = "husbands_father", "之公公"
    HUSBANDS_MOTHER = "husbands_mother", "之婆婆"
    GRANDFATHER = "grandfather", "之祖父"
    GRANDMOTHER = "grandmother", "之祖母"
    MOTHERS_FATHER = "mothers_father", "之外祖父"
    MOTHERS_MOTHER = "mothers_mother", "之外祖母"
    SIBLING = "sibling", "之兄弟姐妹"
    GREAT_GRANDSON = "great_grandson", "之曾孙子"
    GREAT_GRANDDAUGHTER = "great_granddaughter", "之曾孙女"
    NEPHEW = "nephew", "之侄儿"
    NIECE = "niece", "之侄女"
    BROTHERS_WIFE = "brothers_wife", "之兄弟媳妇"
    UNCLE = "uncle", "之叔伯"
    OTHER = "other", "其他"


MALE_RELATIONS = (
    Relation.SON, Relation.GREAT_GRANDSON, Relation.FATHER, Relation.HUSBANDS_FATHER, Relation.SON_IN_LAW, Relation.UNCLE,
    Relation.GRANDSON, Relation.GRANDSON_BY_DAUGHTER, Relation.WIFES_FATHER, Relation.NEPHEW, Relation.GRANDFATHER,
    Relation.MOTHERS_FATHER,
)  # fmt: skip
FEMALE_RELATIONS = (
    Relation.DAUGHTER, Relation.GREAT_GRANDDAUGHTER, Relation.DAUGHTER_IN_LAW, Relation.MOTHER, Relation.HUSBANDS_MOTHER,
    Relation.GRANDDAUGHTER, Relation.GRANDDAUGHTER_BY_DAUGHTER, Relation.BROTHERS_WIFE, Relation.WIFES_MOTHER,
    Relation.NIECE, Relation.GRANDMOTHER, Relation.MOTHERS_MOTHER,
)  # fmt: skip


class Education(models.TextChoices):
    ILLITERATE = "illiterate", "文盲或半文盲"
    PRIMARY = "primary", "小学"
    MIDDLE = "middle", "初中"
    HIGH = "high", "高中"
    COLLEGE = "college", "大专"
    BACHELOR = "bachelor", "本科及以上"


class SchoolState(models.TextChoices):
    """在校生状况; empty = not in school."""

    PRESCHOOL_AGE = "preschool_age", "学龄前儿童"
    PRESCHOOL = "preschool", "学前教育"
    PRIMARY = "primary", "小学"
    GRADE_7 = "grade_7", "七年级"
    GRADE_8 = "grade_8", "八年级"
    GRADE_9 = "grade_9", "九年级"
    HIGH_1 = "high_1", "普通高中一年级"
    HIGH_2 = "high_2", "普通高中二年级"
    HIGH_3 = "high_3", "普通高中三年级"
    VOCATIONAL_1 = "vocational_1", "中职一年级"
    VOCATIONAL_2 = "vocational_2", "中职二年级"
    VOCATIONAL_3 = "vocational_3", "中职三年级"
    COLLEGE_1 = "college_1", "高职高专一年级"
    COLLEGE_2 = "college_2", "高职高专二年级"
    COLLEGE_3 = "college_3", "高职高专三年级"
    TECHNICIAN_1 = "technician_1", "技师学院一年级"
    TECHNICIAN_2 = "technician_2", "技师学院二年级"
    TECHNICIAN_3 = "technician_3", "技师学院三年级"
    TECHNICIAN_4 = "technician_4", "技师学院四年级"
    BACHELOR_1 = "bachelor_1", "本科一年级"
    BACHELOR_2 = "bachelor_2", "本科二年级"
    BACHELOR_3 = "bachelor_3", "本科三年级"
    BACHELOR_4 = "bachelor_4", "本科四年级"
    BACHELOR_5 = "bachelor_5", "本科五年级"
    MASTER = "master", "硕士研究生及以上"


class Health(models.TextChoices):
    """健康状况, several at once except 健康. The order is the one the official export writes."""

    HEALTHY = "healthy", "健康"
    CHRONIC = "chronic", "长期慢性病"
    SERIOUS = "serious", "患有大病"
    DISABLED = "disabled", "残疾"


class Labour(models.TextChoices):
    SKILLED = "skilled", "技能劳动力"
    ORDINARY = "ordinary", "普通劳动力"
    WEAK = "weak", "弱劳动力或半劳动力"
    LOST = "lost", "丧失劳动力"
    NONE = "none", "无劳动力"


class PoliticalStatus(models.TextChoices):
    MEMBER = "member", "中共党员"
    CANDIDATE = "candidate", "中共预备党员"
    LEAGUE = "league", "共青团员"
    MASSES = "masses", "群众"


class IdKind(models.TextChoices):
    ID_CARD = "id_card", "居民身份证"
    DISABILITY = "disability", "残疾人证"
    PASSPORT = "passport", "护照"
    OTHER = "other", "其他"


class HouseholdType(models.TextChoices):
    LIFTED = "lifted", "脱贫户"
    ORDINARY = "ordinary", "一般农户"


class MonitoringCategory(models.TextChoices):
    UNSTABLE = "unstable", "脱贫不稳定户"
    MARGINAL = "marginal", "边缘易致贫户"
    SUDDEN = "sudden", "突发严重困难户"


class RiskCause(models.TextChoices):
    """致贫/返贫风险, up to five in order."""

    ILLNESS = "illness", "因病"
    SCHOOL = "school", "因学"
    DISABILITY = "disability", "因残"
    DISASTER = "disaster", "因自然灾害"
    ACCIDENT = "accident", "因意外事故"
    INDUSTRY = "industry", "因产业项目失败"
    UNSTABLE_WORK = "unstable_work", "因务工就业不稳"
    LABOUR = "labour", "缺劳动力"
    HOUSING = "housing", "因安全住房"
    WATER = "water", "因安全饮水"
    OTHER = "other", "其他"


class PovertyCause(models.TextChoices):
    """致贫原因 of the old card."""

    ILLNESS = "illness", "因病"
    DISABILITY = "disability", "因残"
    SCHOOL = "school", "因学"
    DISASTER = "disaster", "因灾"
    LAND = "land", "缺土地"
    WATER = "water", "缺水"
    SKILL = "skill", "缺技术"
    LABOUR = "labour", "缺劳动力"
    FUNDS = "funds", "缺资金"
    TRAFFIC = "traffic", "交通条件落后"
    DRIVE = "drive", "自身发展动力不足"
    MARRIAGE = "marriage", "因婚"
    FUNERAL = "funeral", "因丧"
    OTHER = "other", "其他"


class GuaranteeItem(models.TextChoices):
    """两不愁三保障和饮水安全 (DOMAIN.md section 5)."""

    FOOD_CLOTHING = "food_clothing", "吃穿"
    EDUCATION = "education", "义务教育"
    MEDICAL = "medical", "基本医疗"
    HOUSING = "housing", "住房安全"
    WATER = "water", "饮水安全"


class GuaranteeState(models.TextChoices):
    MET = "met", "达标"
    NOT_MET = "not_met", "不达标"
    NOT_APPLICABLE = "not_applicable", "不适用"
    UNCHECKED = "unchecked", "未核查"


class RiskTier(models.TextChoices):
    """ABC三类 (DOMAIN.md 3.1)."""

    A = "A", "重点"
    B = "B", "关注"
    C = "C", "一般"


class IncomeKind(models.TextChoices):
    ESTIMATE = "estimate", "预估"
    CONFIRMED = "confirmed", "核定"
    ROSTER = "roster", "名单所载"


class HelperKind(models.TextChoices):
    HELPER = "helper", "帮扶责任人"
    FIRST_SECRETARY = "first_secretary", "第一书记"


class Affiliation(models.TextChoices):
    """帮扶责任人隶属关系 (DOMAIN.md 1.6)."""

    CENTRAL = "central", "中央"
    PROVINCE = "province", "省"
    CITY = "city", "市"
    COUNTY = "county", "县"
    TOWN = "town", "乡镇"
    ARMY = "army", "部队"
    OTHER = "other", "其他"


class ChangeKind(models.TextChoices):
    """人员变更 of a household: the reasons of DOMAIN.md 1.6, and what happens to a household as a whole."""

    DEATH = "death", "死亡"
    MARRIED_OUT = "married_out", "嫁出"
    EMIGRATED = "emigrated", "出国定居"
    PRISON = "prison", "判刑收监"
    OTHER_OUT = "other_out", "其他转出"
    NEWBORN = "newborn", "新生儿"
    MARRIED_IN = "married_in", "嫁入"
    OTHER_IN = "other_in", "其他转入"
    RETURNED = "returned", "返回本户"
    HEAD = "head", "变更户主"
    SPLIT = "split", "分户"
    MERGE = "merge", "并户"
    MOVE = "move", "整户迁移"
    CLOSE = "close", "整户核减"


DEPARTURES = (
    ChangeKind.DEATH, ChangeKind.MARRIED_OUT, ChangeKind.EMIGRATED, ChangeKind.PRISON, ChangeKind.OTHER_OUT,
)  # fmt: skip
ARRIVALS = (ChangeKind.NEWBORN, ChangeKind.MARRIED_IN, ChangeKind.OTHER_IN)


class IncomeGroup(models.TextChoices):
    """Groups of income items (DOMAIN.md 1.5): A to D come in, E is the cost of B."""

    WAGE = "wage", "工资性收入"
    BUSINESS = "business", "生产经营性收入"
    PROPERTY = "property", "财产性收入"
    TRANSFER = "transfer", "转移性收入"
    COST = "business_cost", "生产经营性支出"


# item -> (group, official name); 小麦补贴, 光伏分红, 项目分红 are Jiyang's, 草原奖补 and 退耕还林 are not asked here [D]
INCOME_ITEMS: dict[str, tuple[IncomeGroup, str]] = {
    "work": (IncomeGroup.WAGE, "务工收入"),
    "post_department": (IncomeGroup.WAGE, "行业部门公益岗收入"),
    "post_town": (IncomeGroup.WAGE, "乡镇公益岗收入"),
    "post_village": (IncomeGroup.WAGE, "村级公益岗收入"),
    "crops": (IncomeGroup.BUSINESS, "种植业收入"),
    "livestock": (IncomeGroup.BUSINESS, "养殖业收入"),
    "orchard": (IncomeGroup.BUSINESS, "林果业收入"),
    "business_other": (IncomeGroup.BUSINESS, "其他经营收入"),
    "dividend": (IncomeGroup.PROPERTY, "资产收益扶贫分红"),
    "project_dividend": (IncomeGroup.PROPERTY, "项目分红"),
    "solar_dividend": (IncomeGroup.PROPERTY, "光伏分红"),
    "land_lease": (IncomeGroup.PROPERTY, "土地流转"),
    "loan_project": (IncomeGroup.PROPERTY, "金融贷款项目"),
    "entrusted": (IncomeGroup.PROPERTY, "代种代养"),
    "property_other": (IncomeGroup.PROPERTY, "其他财产性收入"),
    "family_planning": (IncomeGroup.TRANSFER, "计划生育金"),
    "dibao": (IncomeGroup.TRANSFER, "低保金"),
    "tekun": (IncomeGroup.TRANSFER, "特困供养金"),
    "pension": (IncomeGroup.TRANSFER, "养老保险金"),
    "public_forest": (IncomeGroup.TRANSFER, "公益林"),
    "resettlement": (IncomeGroup.TRANSFER, "移民补助"),
    "corn_soy": (IncomeGroup.TRANSFER, "玉米大豆补贴"),
    "wheat": (IncomeGroup.TRANSFER, "小麦补贴"),
    "soil": (IncomeGroup.TRANSFER, "地力补贴"),
    "crop_insurance": (IncomeGroup.TRANSFER, "大田保险补助"),
    "old_age": (IncomeGroup.TRANSFER, "高龄补贴"),
    "veteran": (IncomeGroup.TRANSFER, "优抚金"),
    "disability": (IncomeGroup.TRANSFER, "残疾补贴"),
    "education": (IncomeGroup.TRANSFER, "教育扶持"),
    "disaster": (IncomeGroup.TRANSFER, "救灾款"),
    "care": (IncomeGroup.TRANSFER, "失能老人补贴"),
    "alimony": (IncomeGroup.TRANSFER, "赡养费"),
    "heating": (IncomeGroup.TRANSFER, "取暖费"),
    "price": (IncomeGroup.TRANSFER, "物价补贴"),
    "relief": (IncomeGroup.TRANSFER, "社会救济和补助"),
    "insurance": (IncomeGroup.TRANSFER, "防贫保险"),
    "donation": (IncomeGroup.TRANSFER, "经常性捐赠和赔偿"),
    "transfer_other": (IncomeGroup.TRANSFER, "其他转移性收入"),
    "crops_cost": (IncomeGroup.COST, "种植业支出"),
    "livestock_cost": (IncomeGroup.COST, "养殖业支出"),
    "orchard_cost": (IncomeGroup.COST, "林果业支出"),
    "cost_other": (IncomeGroup.COST, "其他经营支出"),
}


class CheckupState(models.TextChoices):
    WAITING = "waiting", "处理中"
    DONE = "done", "已完成"
    FAILED = "failed", "没有完成"
    CANCELLED = "cancelled", "已取消"
    CLEARED = "cleared", "已到期清除"


class CopyState(models.TextChoices):
    """Of the annotated copy of a checked file."""

    NONE = "", "没有生成"
    MAKING = "making", "正在生成"
    READY = "ready", "已生成"
    FAILED = "failed", "没有生成"


class Sex(models.TextChoices):
    MALE = "m", "男"
    FEMALE = "f", "女"


class Allowance(models.TextChoices):
    """享受低保政策情况; layouts that only ask 是/否 give `yes`."""

    RURAL = "rural", "农村低保"
    URBAN = "urban", "城市低保"
    YES = "yes", "是"


class DestituteSupport(models.TextChoices):
    """享受特困供养政策情况; layouts that only ask 是/否 give `yes`."""

    RURAL = "rural", "农村特困"
    URBAN = "urban", "城市特困"
    YES = "yes", "是"


class WorkPlace(models.TextChoices):
    """务工地 of a person (Roster C)."""

    IN_TOWN = "in_town", "乡（镇）内"
    IN_COUNTY = "in_county", "乡（镇）外县内"
    IN_PROVINCE = "in_province", "县外省内"
    ELSEWHERE = "elsewhere", "省外"
    OTHER = "other", "其他"


class DisasterKind(models.TextChoices):
    """因自然灾害子项."""

    FLOOD = "flood", "洪涝灾害"
    GEOLOGICAL = "geological", "地质灾害"
    DROUGHT = "drought", "旱灾"
    BIOLOGICAL = "biological", "生物灾害"
    WEATHER = "weather", "气象灾害"
    EARTHQUAKE = "earthquake", "地震灾害"
    OTHER = "other", "其他"


class DevelopmentState(models.TextChoices):
    """实施开发式帮扶措施情况."""

    DONE = "done", "已实施"
    NOT_YET = "not_yet", "尚未实施"


class RemovalWay(models.TextChoices):
    """风险消除方式."""

    HELP = "help", "帮扶消除"
    NATURAL = "natural", "自然消除"


class PublicPost(models.TextChoices):
    """公益性岗位 and 公益岗位帮扶. Lists of measures are open: other labels are kept as written (DOMAIN.md 1.6)."""

    CLEANER = "cleaner", "保洁员"
    FOREST = "forest", "护林员"
    ROAD = "road", "护路员"
    WATER = "water", "护水员"
    OTHER = "other", "其他"


class IndustryHelp(models.TextChoices):
    """产业帮扶."""

    FARMING = "farming", "发展种养业"
    PROCESSING = "processing", "发展加工业"
    DIVIDEND = "dividend", "资产收益分红"
    OTHER = "other", "其他"


class EmploymentHelp(models.TextChoices):
    """就业帮扶."""

    TRAINING = "training", "技能培训"
    LABOUR_EXPORT = "labour_export", "劳务输出"
    WORK_SUBSIDY = "work_subsidy", "外出务工补贴"
    WORKSHOP = "workshop", "帮扶车间"
    OTHER = "other", "其他"


class FinanceHelp(models.TextChoices):
    """金融帮扶."""

    MICROCREDIT = "microcredit", "小额信贷"
    OTHER = "other", "其他"


class HousingHelp(models.TextChoices):
    """住房安全保障."""

    RENOVATION = "renovation", "危房改造"
    OTHER = "other", "其他"


class WaterHelp(models.TextChoices):
    """饮水安全保障."""

    WORKS = "works", "饮水工程修建/维修"
    OTHER = "other", "其他"


class HealthHelp(models.TextChoices):
    """健康帮扶."""

    PREMIUM_SUBSIDY = "premium_subsidy", "参加城乡居民基本医疗保险个人缴费补贴"
    CRITICAL_ILLNESS = "critical_illness", "大病保险"
    MEDICAL_AID = "medical_aid", "医疗救助"
    OTHER = "other", "其他"


class CompulsoryEducationHelp(models.TextChoices):
    """义务教育保障."""

    KEEP_IN_SCHOOL = "keep_in_school", "控辍保学"
    HOME_TEACHING = "home_teaching", "送教上门"
    OTHER = "other", "其他"


class EducationHelp(models.TextChoices):
    """教育帮扶."""

    YULU = "yulu", "雨露计划"
    GRANT = "grant", "助学金"
    OTHER = "other", "其他"


class SafetyNetHelp(models.TextChoices):
    """综合保障."""

    ALLOWANCE = "allowance", "低保"
    DESTITUTE = "destitute", "特困供养"
    DISABILITY = "disability", "残疾人补贴"
    TEMPORARY = "temporary", "临时救助"
    INSURANCE = "insurance", "防贫保险"
    OTHER = "other", "其他"


class SocialHelp(models.TextChoices):
    """社会帮扶."""

    HELPER = "helper", "帮扶责任人帮扶"
    DONATION = "donation", "社会捐助"
    OTHER = "other", "其他"


class YesHelp(models.TextChoices):
    """搬迁, 生产生活条件改善, 基础设施建设: 是 with a remark of its own."""

    YES = "yes", "是"
    OTHER = "other", "其他"


ETHNIC_GROUPS = (
    "汉族", "蒙古族", "回族", "藏族", "维吾尔族", "苗族", "彝族", "壮族", "布依族", "朝鲜族", "满族", "侗族", "瑶族", "白族",
    "土家族", "哈尼族", "哈萨克族", "傣族", "黎族", "傈僳族", "佤族", "畲族", "高山族", "拉祜族", "水族", "东乡族", "纳西族",
    "景颇族", "柯尔克孜族", "土族", "达斡尔族", "仫佬族", "羌族", "布朗族", "撒拉族", "毛南族", "仡佬族", "锡伯族", "阿昌族",
    "普米族", "塔吉克族", "怒族", "乌孜别克族", "俄罗斯族", "鄂温克族", "德昂族", "保安族", "裕固族", "京族", "塔塔尔族",
    "独龙族", "鄂伦春族", "赫哲族", "门巴族", "珞巴族", "基诺族",
)  # fmt: skip
