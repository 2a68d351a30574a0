"""Files that cannot be read as a whole: a stable code and one message that says what to do."""

from pathlib import Path
from typing import Any

MESSAGES = {
    "file_empty": "文件是空的，没有内容。请重新从系统导出后上传",
    "file_too_big": "文件过大，内容超过能读取的范围。请按镇街分开导出，或删去多余的空白行列后再传",
    "file_encrypted": "文件有打开密码。请在 Excel 里去掉密码（文件—信息—保护工作簿）后再传",
    "file_truncated": "文件不完整或已损坏，可能没有下载完。请重新导出后上传",
    "file_not_workbook": "这不是 Excel 或 CSV 文件。请上传从系统导出的 .xlsx、.xls 或 .csv 文件",
    "file_binary_workbook": "这是 .xlsb 或 .ods 格式。请在 Excel 里另存为 .xlsx 后再传",
    "file_old_workbook": "这是 Excel 95 或更早的格式，中文会读成乱码。请在 Excel 里另存为 .xlsx 后再传",
    "file_web_page": "这是网页格式的工作簿，表格的内容不在网页里，读不到。请在 Excel 里另存为 .xlsx 后再传",
    "file_external_entity": "文件里有指向外部内容的引用，不安全。请在 Excel 里另存为新的 .xlsx 后再传",
    "file_too_wide": "表格超过 500 列。请只保留需要的列后再传",
    "file_too_long": "表格有 {n} 行，超过 300000 行。请按镇街分开导出后再传",
    "file_stray_cell": "第 {row} 行还有零散内容，离前面的数据很远。请删去表格下方多余的行后再传",
    "file_no_values": "一百万个以上单元格的公式没有计算结果。请在 Excel 里打开并保存一次后再传",
    "file_formats": "一百万个以上单元格的数字格式改变了显示的数字。请在 Excel 里另存为 CSV 后再传",
    "file_no_rows": "只有标题和表头，没有数据行。请确认导出时选对了范围",
    "file_no_sheet": "文件里没有工作表。请确认选对了文件",
    "file_encoding": "认不出文本的编码。请在 Excel 里另存为 .xlsx 后再传",
    "file_broken_text": "文本里的引号或分隔符不成对，第 {row} 行以后分不清列。请在 Excel 里另存为 .xlsx 后再传",
    "file_wrong_district": "所有行都不属于{own}（文件里是“{found}”）。请确认选对了文件",
    "layout_unknown": "没有找到表头。表头应含“户编号”“证件号码”等列名；如果是别的表，请到对应的导入页上传",
    "missing_column": "缺少必需的列：{names}。{unread}请按国家系统的“{title}”原样上传；列名写法不同的，在网页上的“对应列”里指明后即可读取，并可存为本单位的对应关系",
    "wrong_layout": "与“{title}”的版式不符：有 {n} 列不认识。请确认选对了导出表，或删去多余的列后再传",
    "tables_beside": "表里左右并排放了两张表：{names}各出现两次，右边的读不到。请把右边的移到左边的下面再传",
    "columns_twice": "有几列是同一项、内容不同，分不清该读哪一列：{names}。请在“对应列”里把不读的设为“不导入”，或改好列名后再传",
    "layout_not_imported": "认出是“{title}”，系统里没有收它的台账，不能导入；要核对内容请用数据体检",
    "sheet_unknown": "没有名为“{sheet}”的工作表，文件里有：{sheets}",
    "another_heading": "工作表“{sheet}”第 {row} 行是另一个表头，与上面的列不相同（{names}），下面的行不能接着上面读。请把两张表的列统一，或分成两个文件后再传",
    "sheets_differ": "工作表“{one}”和“{other}”列不相同（{names}），不能合并读取。请指定读哪一个工作表，或把列统一后再传",
}
# a person can mend these by choosing layout, sheet, heading row or the columns' meaning
MENDABLE = {
    "layout_unknown", "missing_column", "wrong_layout", "file_no_rows", "sheet_unknown", "sheets_differ", "file_wrong_district", "layout_not_imported", "tables_beside", "columns_twice", "another_heading",
}  # fmt: skip


class FileRefused(Exception):
    """The file as a whole cannot be read; `code` is stable, the text says what to do. `file` is named where several are read."""

    file: Path | None = None

    def __init__(self, code: str, **facts: Any):
        self.code = code
        super().__init__(MESSAGES[code].format(**facts))
