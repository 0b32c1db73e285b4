"""What waits for a person: cases they ought to move, what is overdue, what they did, and the days limits fall on."""

from jutong.kernel.agenda.chores import MOST, Chore, Decision, Waiting, chores, moves, register
from jutong.kernel.agenda.deciding import Gist, awaiting, decide, together
from jutong.kernel.agenda.done import done, verb_label
from jutong.kernel.agenda.due import Day, DueCase, Late, due_between, month, overdue
from jutong.kernel.agenda.load import AGES, AUTHORITY, HEADS, Load, know_people, load, load_of_region
from jutong.kernel.agenda.movers import Subject, subjects_of
from jutong.kernel.agenda.standing import HOWS, Standing, StandingCase, Watched, standing_cases, standings
from jutong.kernel.agenda.waiting import COUNTS, LISTED, ToDo, count_in_words, todo, urgency_of, whole_list

__all__ = [
    "AGES",
    "AUTHORITY",
    "COUNTS",
    "HEADS",
    "HOWS",
    "LISTED",
    "MOST",
    "Chore",
    "Day",
    "Decision",
    "DueCase",
    "Gist",
    "Late",
    "Load",
    "Standing",
    "StandingCase",
    "Subject",
    "ToDo",
    "Waiting",
    "Watched",
    "awaiting",
    "chores",
    "count_in_words",
    "decide",
    "done",
    "due_between",
    "know_people",
    "load",
    "load_of_region",
    "month",
    "moves",
    "overdue",
    "register",
    "standing_cases",
    "standings",
    "subjects_of",
    "todo",
    "together",
    "urgency_of",
    "verb_label",
    "whole_list",
]
