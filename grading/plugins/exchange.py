"""Collect from nbgrader's exchange, but ordinary files alone: `nbgrader collect` with our class (settings).

A student's folder in the exchange stays the student's, who can change it while it is read. nbgrader follows a link in
it as the instructor who collects: one to the solutions would come back as a submission with full marks. Here each file
is opened once, and what was opened is looked at and copied. What is odd about one submission stops no other.
"""

import os
import stat
import tempfile
from datetime import datetime
from pathlib import Path

from nbgrader.exchange.default import ExchangeCollect

from grading.files import content_of, open_as_it_is
from grading.gradebook.due_dates import time_in
from grading.shown import shown

MOST_FILES, MOST_FOLDERS = 1_000, 20  # of a submission; the second: one inside the other
KIBIBYTE = 1 << 10  # in which nbgrader counts sizes


class CollectFiles(ExchangeCollect):
    """Collect what consists of files; leave a submission with anything else in it where it is, and say so."""

    def init_src(self):
        """Find the newest submission of each student, and leave out what has no student's name or no time."""
        super().init_src()
        for record in [record for record in self.src_records if record["odd"]]:
            self.log.error("Not collected, for its name is not of a submission: %s", shown(record["filename"]))
            self.src_records.remove(record)

    def _path_to_record(self, path):
        """Return what nbgrader reads from a folder's name; an odd one is nobody's, so that it hides no other."""
        name = Path(path).name
        student, assignment, *_ = [*name.rsplit("+", 3), ""]
        usable = student == shown(student) and student not in ("", ".", "..")
        try:
            if usable and assignment == self.coursedir.assignment_id:
                return super()._path_to_record(path) | {"odd": False}
        except (ValueError, OverflowError, TypeError):
            pass
        return {"username": name, "filename": name, "timestamp": datetime.min, "odd": True}

    def copy_files(self):
        """Let nbgrader copy one submission after the other, each from a copy that its student cannot change."""
        records, self.src_records = self.src_records, []
        if not records:
            super().copy_files()
        for record in records:
            with tempfile.TemporaryDirectory() as folder:
                self.staged = Path(folder, "files")
                try:
                    self.stage(Path(self.inbound_path, record["filename"]))
                    self.src_records = [record]
                    super().copy_files()
                except (OSError, RuntimeError, ValueError) as error:
                    self.log.error("Not collected: %s: %s", shown(record["filename"]), shown(error))

    def stage(self, source):
        """Copy the files of a submission as they are now.

        Raises OSError for what is none, and for too many, and ValueError where its time is none.
        """
        self.room, self.files = KIBIBYTE * self.coursedir.max_dir_size, MOST_FILES
        self.copy_folder(open_as_it_is(source), self.staged, MOST_FOLDERS)
        stamp = self.staged / "timestamp.txt"
        if stamp.is_file():
            time_in(stamp.read_bytes())

    def copy_folder(self, folder, target, depth):
        """Copy an open folder, and close it."""
        try:
            target.mkdir()
            for name in os.listdir(folder):
                self.files -= 1
                if not depth or self.files < 0:
                    raise OSError("it has too many files or folders")
                descriptor = open_as_it_is(name, folder)
                if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                    self.copy_folder(descriptor, target / name, depth - 1)
                else:
                    content = content_of(descriptor, min(self.room, KIBIBYTE * self.coursedir.max_file_size))
                    self.room -= len(content)
                    (target / name).write_bytes(content)
        finally:
            os.close(folder)

    def do_copy(self, src, dest, log=None):
        """Copy what was staged, with nbgrader's own rules about names and modes."""
        super().do_copy(str(self.staged), dest, log)
