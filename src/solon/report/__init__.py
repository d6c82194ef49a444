"""What a run says to people and to files: verdict lines, tables, shown judgments, curves and pages."""
