"""The visit pages that open without network."""

from jiyang.ui.offline import Shell, shell

shell(
    Shell(
        r"^/monitoring/household/\d+/visit/$", "monitoring:offline_visit", ("js/visit.js", "js/draft.js", "js/shown.js")
    )
)
shell(Shell(r"^/monitoring/(due|offline)/$", "monitoring:offline", ("js/due.js", "js/outbox.js")))
