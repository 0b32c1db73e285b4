"""The mover of data: takes orders, runs them under their grants, proves what arrived, reports."""
