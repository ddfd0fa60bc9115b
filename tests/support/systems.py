"""What learning management systems hand out: zips of submissions, by the names in them, and lists of a class."""

from grading.lms import roster
from tests.support.handed_in import BLANK, SOLVED

CANVAS = {
    "studentone_1001_9001_iterated_softmax.ipynb": BLANK,
    "studentone_1001_9007_iterated_softmax-1.ipynb": SOLVED,
    "nguyễnvănan_LATE_1002_9002_bài làm (final).ipynb": SOLVED,
    "LATE_anon_x7Qp2_9004_mine.ipynb": SOLVED,
    "studentfour_1004_9005_report.pdf": b"%PDF-1.7",
    "studentfive_1005_text.html": b"<p>I wrote it here</p>",
}
MOODLE = {
    "Student One_2001_assignsubmission_file/iterated_softmax.ipynb": SOLVED,
    "Nguyễn Văn An_2002_assignsubmission_file_/deep/bài làm.ipynb": SOLVED,
    "Student-Three O'Neil_2003_assignsubmission_onlinetext/onlinetext.html": b"<p>done</p>",
}
CLASSROOM = {
    "Iterated softmax/Student One - iterated_softmax.ipynb": BLANK,
    "Iterated softmax/Student One - iterated_softmax (1).ipynb": SOLVED,
    "Iterated softmax/Nguyễn Văn An - Bản sao - iterated_softmax.ipynb": SOLVED,
}
LISTING = """\
submission_501:
  :submitters:
  - :name: Student One
    :sid: '301'
    :email: one@example.edu
  :created_at: 2026-09-30 20:15:30.123456789 Z
  :score: 0.0
  :status: processed
  :history:
  - :created_at: !ruby/object:ActiveSupport::TimeWithZone
      utc: 2026-09-29 01:00:00.000000000 Z
      zone: !ruby/object:ActiveSupport::TimeZone
        name: Asia/Ho_Chi_Minh
submission_502:
  :submitters:
  - :name: Nguyễn Văn An
    :sid:
    :email: an@example.edu
  - :name: Student Three
    :sid: '303'
    :email: three@example.edu
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2026-10-01 02:00:00.000000000 Z
    zone: !ruby/object:ActiveSupport::TimeZone
      name: Asia/Ho_Chi_Minh
"""
GRADESCOPE = {
    "assignment_77_export/submission_metadata.yml": LISTING.encode(),
    "assignment_77_export/submission_501/work.ipynb": SOLVED,
    "assignment_77_export/submission_502/both.ipynb": SOLVED,
}
CANVAS_EXPORT = """\
Student,ID,SIS User ID,SIS Login ID,Section,iterated_softmax (7001),temperature_range (7002),Current Score
,,,,,Manual Posting,,
    Points Possible,,,,,20.00,18.00,(read only)
"One, Student",1001,u1,one,Group A,,5,25
"Nguyễn, Văn An",1002,u2,an,"Group A, Group B",,,
"Three, Student",1003,u3,three,Group B,,,
"Student, Test",9999,,deadbeef,Group A,,,
"""
MOODLE_EXPORT = """\
First name,Surname,ID number,Institution,Department,Email address,Assignment: iterated_softmax (Real)
Student,One,m1,,,one@example.edu,-
Văn An,Nguyễn,m2,,,an@example.edu,-
Student-Three,O'Neil,m3,,,three@example.edu,-
"""
WORKSHEET = """\
Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,\
Last modified (submission),Last modified (grade),Feedback comments
Participant 2001,Student One,one@example.edu,Submitted,,20.00,Yes,"Wednesday, 30 September 2026, 11:59 PM",-,
Participant 2002,Nguyễn Văn An,an@example.edu,Submitted,,20.00,Yes,"Thursday, 1 October 2026, 12:30 AM",-,
Participant 2003,Student-Three O'Neil,three@example.edu,No submission,,20.00,Yes,-,-,well begun
"""


def written(tmp_path, text, encoding="utf-8"):
    """Read a roster from a file with this text."""
    path = tmp_path / "roster.csv"
    path.write_bytes(text.encode(encoding))
    return roster.read_roster(path)
