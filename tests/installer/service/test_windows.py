"""The task, by the order of elements and the values that the task scheduler's schema documents."""

import xml.etree.ElementTree as ET

import msgspec

from andiron_installer.service.description import Description
from andiron_installer.service.windows import WindowsTask, task_xml

_SPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def task(description: Description, *, autostart: bool = True) -> ET.Element:
    content = task_xml(description, "HOUSE\\Åsa & Co", autostart=autostart)
    assert content.startswith(b"\xff\xfe")
    assert content.decode("utf-16").startswith('<?xml version="1.0" encoding="UTF-16"?>')
    return ET.fromstring(content)


def names(element: ET.Element) -> list[str]:
    return [child.tag.removeprefix(_SPACE) for child in element]


def child(element: ET.Element, path: str) -> ET.Element:
    found = element.find("/".join(f"{_SPACE}{name}" for name in path.split("/")))
    assert found is not None, path
    return found


def test_the_elements_come_in_the_order_of_the_schema(description: Description) -> None:
    root = task(description)
    assert root.tag == f"{_SPACE}Task"
    assert root.attrib == {"version": "1.2"}
    assert names(root) == ["RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"]
    assert names(child(root, "Triggers/LogonTrigger")) == ["Enabled", "UserId"]
    assert names(child(root, "Principals/Principal")) == ["UserId", "LogonType", "RunLevel"]
    assert names(child(root, "Settings/RestartOnFailure")) == ["Interval", "Count"]
    assert names(child(root, "Actions/Exec")) == ["Command", "Arguments"]


def test_it_runs_as_the_user_alone_for_as_long_as_it_likes_on_batteries_too(description: Description) -> None:
    root = task(description)
    expected = {
        "Triggers/LogonTrigger/UserId": "HOUSE\\Åsa & Co",
        "Principals/Principal/UserId": "HOUSE\\Åsa & Co",
        "Principals/Principal/LogonType": "InteractiveToken",
        "Principals/Principal/RunLevel": "LeastPrivilege",
        "Settings/MultipleInstancesPolicy": "IgnoreNew",
        "Settings/DisallowStartIfOnBatteries": "false",
        "Settings/StopIfGoingOnBatteries": "false",
        "Settings/ExecutionTimeLimit": "PT0S",
        "Settings/RestartOnFailure/Interval": "PT1M",
    }
    assert {path: child(root, path).text for path in expected} == expected
    assert 0 < int(child(root, "Settings/RestartOnFailure/Count").text or 0) <= 255


def test_starting_at_logon_is_a_switch_of_the_trigger(description: Description) -> None:
    assert child(task(description, autostart=True), "Triggers/LogonTrigger/Enabled").text == "true"
    assert child(task(description, autostart=False), "Triggers/LogonTrigger/Enabled").text == "false"


def test_the_supervisor_is_told_the_home_and_no_console_opens(description: Description) -> None:
    odd = msgspec.structs.replace(
        description,
        supervisor_command=("C:\\Program Files\\Åsa\\python.exe", "-m", "andiron_daemon"),
        variables={"ANDIRON_HOME": 'C:\\Fire & "Iron" 100%'},
    )
    root = task(odd)
    assert child(root, "Actions/Exec/Command").text == "C:\\Program Files\\Åsa\\pythonw.exe"
    assert child(root, "Actions/Exec/Arguments").text == ('-m andiron_daemon --home "C:\\Fire & \\"Iron\\" 100%"')


def test_the_task_is_made_and_removed_by_name(description: Description) -> None:
    plan = WindowsTask("me").plan(description, autostart=False)
    (file,) = plan.files
    assert plan.after_writing == (("schtasks", "/Create", "/TN", description.name, "/XML", str(file.path), "/F"),)
    assert plan.before_removing == (("schtasks", "/Delete", "/TN", description.name, "/F"),)
