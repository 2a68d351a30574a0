from django.db import models


class BatchState(models.TextChoices):
    """State of an import batch; `approved` rows are in the register until the batch is undone."""

    UPLOADED = "uploaded", "待校验"
    CHECKING = "checking", "校验中"
    CHECKED = "checked", "待提交"
    SUBMITTED = "submitted", "待复核"
    APPLYING = "applying", "入库中"
    APPROVED = "approved", "已入库"
    UNDOING = "undoing", "撤销中"
    UNDONE = "undone", "已撤销"
    REDOING = "redoing", "恢复中"
    RETURNED = "returned", "已退回"
    REFUSED = "refused", "无法读取"
    DROPPED = "dropped", "已放弃"


# states that only another person's agreement leads to
AGREED = (BatchState.APPLYING, BatchState.APPROVED, BatchState.UNDOING, BatchState.UNDONE, BatchState.REDOING)


class RowAction(models.TextChoices):
    """What the plan does with a row of the file."""

    INSERT = "insert", "新增"
    UPDATE = "update", "变更"
    SAME = "same", "相同"
    DUPLICATE = "duplicate", "重复"
    REFUSED = "refused", "有错误"
    OUT_OF_AREA = "out_of_area", "区外"
    KEPT = "kept", "不改动"
    UNKNOWN = "unknown", "系统里没有"


class PlanMode(models.TextChoices):
    """What an import may do with what the register holds already; chosen at the upload and shown to the checker."""

    ALL = "all", "全部更新"
    BLANKS = "blanks", "只补空白"
    NEW = "new", "只增加"


class ReversalKind(models.TextChoices):
    UNDO = "undo", "撤销"
    REDO = "redo", "恢复"


class Severity(models.TextChoices):
    ERROR = "E", "错误"
    WARNING = "W", "提醒"
    NORMALISED = "N", "已规范"
