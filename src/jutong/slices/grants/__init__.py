"""授权: an approved request becomes an enforced grant — columns, rows, masking, purpose, term."""
