from django.apps import AppConfig


class LedgersConfig(AppConfig):
    name = "jiyang.ledgers"
    label = "ledgers"
    verbose_name = "台账"

    def ready(self) -> None:
        from jiyang.ledgers import household_tab, import_tasks, registry  # noqa: F401
        from jiyang.reporting import figures

        registry.discover()
        import_tasks.register()
        figures.discover()
