"""What the files of a run folder are called."""

RUN_FILE = "run.json"
REPORT_FILE = "report.json"
SUMMARY_FILE = "summary.json"
MEASUREMENT_FILE = "measurement.json"
CAPTURE_FILE = "memray.bin"
SCENARIOS = "scenarios"
