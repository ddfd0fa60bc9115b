"""Collect from nbgrader's exchange, but no links: `nbgrader collect` with our class (settings).

A student's folder in the exchange stays the student's. nbgrader follows a link in it as the instructor who collects:
one to the solutions would come back as a submission with full marks.
"""

from pathlib import Path

from nbgrader.exchange.default import ExchangeCollect


class CollectFiles(ExchangeCollect):
    """Collect what consists of files; leave a submission with a link in it where it is, and say so."""

    def init_src(self):
        super().init_src()
        linked = [record for record in self.src_records if has_link(Path(self.inbound_path, record["filename"]))]
        for record in linked:
            self.log.error("Not collected, for a link to another file is in it: %s", record["filename"])
            self.src_records.remove(record)


def has_link(folder):
    """Tell whether a folder is a symbolic link or holds one."""
    return any(path.is_symlink() for path in (folder, *folder.rglob("*")))
