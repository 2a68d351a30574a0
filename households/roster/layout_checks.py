"""Conditions that only some layouts can decide: stated against derived facts, monitoring cases, job spells, villages.

Written as those in `checks`; DOMAIN.md 1.7 gives the codes.
"""

from households.roster.checks import Check

MEASURES = (
    "measure_industry", "measure_employment", "measure_finance", "measure_public_post", "measure_housing", "measure_water",
    "measure_health", "measure_compulsory_education", "measure_education", "measure_safety_net", "measure_social",
    "measure_relocation", "measure_living", "measure_infrastructure",
)  # fmt: skip
AFTER = (
    "after_dropout", "after_house_damaged", "after_uninsured", "after_water_damaged", "after_wage_income", "after_property_income",
    "after_transfer_income", "after_business_income", "after_business_cost", "after_net_income", "after_income_per_head",
    "after_claim_income", "after_qualified_spending",
)  # fmt: skip
RISKS = tuple(f"risk_{number}" for number in range(1, 6))
SPELL = "(s.working or s.job_started_on is not null)"  # also one that is over says where it was
JOB = ("job_monthly_pay", "job_industry", "point_to_point", "job_channel")


def empty(*names: str) -> str:
    """Nothing was written in any of these cells; one that could not be read is not empty."""
    return " and ".join(f"s.{name} is null and not '{name}' = any(s.unread)" for name in names)


LAYOUT_CHECKS = (
    Check("birth_differs_from_id", "stated_birth_date", "s.stated_birth_date <> s.birth_date", ("stated_birth_date",)),
    Check("sex_differs_from_id", "stated_sex", "s.stated_sex <> s.sex", ("stated_sex",)),
    Check("risk_missing", "risk_1", empty(*RISKS), RISKS),
    *(
        Check("risk_other_without_remark", name, f"s.{name} = 'other' and {empty('other_remark')}", (name, "other_remark"))
        for name in RISKS
    ),
    Check(
        "disaster_without_subitem",
        "disaster_kind",
        f"'disaster' in ({', '.join(f's.{name}' for name in RISKS)}) and {empty('disaster_kind')}",
        (*RISKS, "disaster_kind"),
    ),
    *(
        Check("removed_fields_missing", name, f"s.risk_removed and {empty(name)}", ("risk_removed", *AFTER))
        for name in AFTER
    ),
    Check(
        "no_measure",
        "measure_social",
        f"s.risk_removed is not true and s.risk_identified_on + interval '1 month' < date_trunc('month', %(as_of)s::date) and {empty(*MEASURES)}",
        ("risk_identified_on", "risk_removed", *MEASURES),
    ),
    Check("job_employer_missing", "job_employer", f"{SPELL} and {empty('job_employer')}", ("working", "job_started_on", "job_employer")),
    *(Check("job_field_missing", name, f"{SPELL} and {empty(name)}", ("working", "job_started_on", name)) for name in JOB),
    Check(
        "job_pay_out_of_range", "job_monthly_pay", "s.job_monthly_pay < %(pay_least)s or s.job_monthly_pay > %(pay_most)s", ("job_monthly_pay",)
    ),
    Check(
        "job_end_missing", "job_ended_on", f"s.working = false and {empty('job_ended_on')}", ("working", "job_ended_on")
    ),
    Check(
        "job_end_in_future", "job_ended_on", "s.working = false and s.job_ended_on > %(as_of)s", ("working", "job_ended_on")
    ),
    Check(
        "job_end_before_start", "job_ended_on", "s.job_ended_on < s.job_started_on", ("job_started_on", "job_ended_on")
    ),
    Check(
        "village_twice",
        "village",
        "s.village_id in (select village_id from roster_stage group by village_id having count(*) > 1)",
        rows=("village",),
    ),
)  # fmt: skip
