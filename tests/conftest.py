import shutil, pytest, hypothesis, os
hypothesis.settings.register_profile("quick", max_examples=int(os.environ.get("N","60")), deadline=None, suppress_health_check=list(hypothesis.HealthCheck))
hypothesis.settings.load_profile("quick")
@pytest.fixture(scope="session")
def chromium(): return shutil.which("chromium")
@pytest.fixture(scope="session")
def dot(): return shutil.which("dot")
