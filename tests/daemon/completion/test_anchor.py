"""The life of a place: what is sent keeps still while text is typed."""

from andiron_daemon.completion.anchor import Material, Place, PlaceKey, Places
from andiron_daemon.completion.budget import Budgets, budgets_for
from andiron_daemon.completion.policy import CompletionPolicy
from andiron_daemon.completion.window import Window, make_window, stable_suffix

KEY: PlaceKey = ("session", "a.py", ":")
# A suffix that leaves the large window larger than the small one at the speed of these tests.
POLICY = CompletionPolicy(places=3, places_per_path=2, least_suffix_tokens=64, suffix_share=0.2)
SUFFIX = "\n" + "".join(f"after_{number}()\n" for number in range(30))


def before(lines: int) -> str:
    return "".join(f"before_{number}()\n" for number in range(lines))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def material(prefix: str, suffix: str = SUFFIX, speed: float = 100.0) -> Material:
    budgets: Budgets = budgets_for(POLICY, speed)
    return Material(prefix=prefix, stable_suffix=stable_suffix(suffix), budgets=budgets, tokens_per_second=speed)


def windows(of: Material) -> tuple[Window, Window]:
    return (
        make_window(of.prefix, of.stable_suffix, of.budgets.small, 0.2, None),
        make_window(of.prefix, of.stable_suffix, of.budgets.large, 0.2, None),
    )


def enter(places: Places, prefix: str, suffix: str = SUFFIX, key: PlaceKey = KEY) -> Place:
    of = material(prefix, suffix)
    return places.enter(key, of, *windows(of))


def test_typing_stays_at_the_place() -> None:
    places = Places(POLICY)
    place = enter(places, before(200))
    assert places.find(KEY, material(before(200) + "x = f(")) is place
    assert places.find(KEY, material(before(200) + "x = f(", ")" + SUFFIX)) is place
    assert places.find(KEY, material(before(199))) is place


def test_a_cursor_that_jumps_is_at_another_place() -> None:
    places = Places(POLICY)
    enter(places, before(200))
    assert places.find(KEY, material(before(10))) is None
    assert places.find(KEY, material(before(200) + "\nafter_0()", SUFFIX.removeprefix("\nafter_0()"))) is None


def test_an_edit_far_behind_the_cursor_leaves_the_suffix_as_it_was_sent() -> None:
    places = Places(POLICY)
    place = enter(places, before(200))
    edited = SUFFIX.replace("after_20()", "changed()")
    assert places.find(KEY, material(before(200) + "x", edited)) is place
    assert "after_20()" not in edited
    assert places.find(KEY, material(before(200), SUFFIX.replace("after", "changed"))) is None


def test_on_a_fast_machine_the_suffix_is_sent_as_it_is() -> None:
    places = Places(POLICY)
    enter(places, before(20))
    edited = SUFFIX.replace("after_20()", "changed()")
    assert places.find(KEY, material(before(20), edited, speed=100_000.0)) is None


def test_other_sessions_and_paths_have_places_of_their_own() -> None:
    places = Places(POLICY)
    enter(places, before(200))
    assert places.find(("session", "b.py", ":"), material(before(200))) is None
    assert places.find(("other", "a.py", ":"), material(before(200))) is None


def test_a_person_may_come_back_to_a_place() -> None:
    places = Places(POLICY)
    first = enter(places, before(200))
    enter(places, before(100), SUFFIX + "more\n")
    assert places.find(KEY, material(before(200))) is first


def test_places_are_bounded() -> None:
    places = Places(POLICY)
    for number in range(10):
        enter(places, before(100 + number), f"\nsuffix_{number}")
    assert places.count == POLICY.places_per_path
    for number in range(10):
        enter(places, before(100), key=("session", f"{number}.py", ":"))
    assert places.count <= POLICY.places * POLICY.places_per_path
    assert places.find(KEY, material(before(109), "\nsuffix_9")) is None


def test_the_prepared_window_takes_over() -> None:
    places = Places(POLICY)
    place = enter(places, before(400))
    small, large = place.window, place.pending
    assert large is not None
    assert large.start < small.start
    place.begin(0.0)
    place.prepared(large, is_done=True)
    assert (place.window, place.pending) == (large, None)
    assert places.find(KEY, material(before(400) + "x")) is place


def test_a_preparation_that_was_broken_off_leaves_things_as_they_were() -> None:
    places = Places(POLICY)
    place = enter(places, before(400))
    small, large = place.window, place.pending
    assert large is not None
    place.begin(0.0)
    place.prepared(large, is_done=False)
    assert (place.window, place.pending, place.is_being_prepared) == (small, large, False)


def test_a_window_that_is_nearly_ready_is_used_at_once() -> None:
    clock = Clock()
    places = Places(POLICY, clock)
    place = enter(places, before(400))
    large = place.pending
    assert large is not None
    place.begin(clock())
    assert places.find(KEY, material(before(400) + "x")) is place
    assert place.window is not large
    clock.now = large.tokens / 100.0
    assert places.find(KEY, material(before(400) + "xy")) is place
    assert place.window is large


def test_a_window_that_has_grown_long_is_outgrown_and_a_flood_of_text_is_a_new_place() -> None:
    places = Places(POLICY)
    place = enter(places, before(20))
    of = material(before(20) + "typed()\n" * 320)
    assert places.find(KEY, of) is place
    assert places.outgrown(place, of)
    assert not places.outgrown(place, material(before(21)))
    assert places.find(KEY, material(before(20) + "pasted()\n" * 3000)) is None
