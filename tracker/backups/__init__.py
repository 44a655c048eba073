"""Backups: one file that holds the database, the kept files and what proves that both are whole.

`archive` is the file, `manifest` what stands in it, `postgresql` the programs that dump and fill a database,
`fingerprints` what two databases are compared by, and `after_restore` what each package does before it may run again.
"""
