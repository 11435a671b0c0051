"""What a figure may take more than another, held against one scenario."""

from cachekit_memprobe.comparison import AllowanceResult
from cachekit_memprobe.report.clean import clean, clean_line
from cachekit_memprobe.units import format_exactly, format_payloads, signed


def allowance_words(result: AllowanceResult) -> str:
    """``rss.peak:+0.1x of arrow-l1-hit: OVER, +1.00x``."""
    allowance = result.allowance
    size = (
        format_payloads(allowance.payloads)
        if allowance.payloads is not None
        else format_exactly(allowance.size_bytes or 0)
    )
    words = f"{allowance.metric}:+{size} of {clean_line(result.scenario)}"
    if result.status == "unmeasured":
        reason, _, _ = clean(result.reason).strip().partition("\n")
        return f"{words}: nothing can be said, {reason}"
    change = signed(format_payloads(result.change or 0.0))
    return f"{words}: {'OVER' if result.status == 'over' else 'within'}, {change}"
