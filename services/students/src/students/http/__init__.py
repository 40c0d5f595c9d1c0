"""The routes of the students API, a blueprint per file."""

from students.http.accounts import accounts
from students.http.duplicates import duplicates
from students.http.erasures import erasures
from students.http.merges import merges
from students.http.registration import registration
from students.http.sign_ins import sign_ins
from students.http.students import students
from students.http.tags import tags
from students.http.trash import trash

# in the order of the README
BLUEPRINTS = (students, tags, trash, duplicates, merges, registration, accounts, sign_ins, erasures)
