"""Named strategies: what data alone cannot say about an API. Provider documents refer to them by name.

`bulk-workbook` (`bulk_workbook.py`): many creates as rows of one xlsx workbook, one request, one outcome per row.
"""
