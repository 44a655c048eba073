"""Figures and rows as files: what is written here is safe to open in a spreadsheet program.

`documents` writes the tables of a report's presentation (CSV, XLSX, JSON); `rows` writes rows of the database, however
many, within a bounded memory (CSV, XLSX, JSON Lines, Parquet). Nothing here knows a report's row, a request or a right.
"""
