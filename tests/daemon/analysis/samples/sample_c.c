#include <stddef.h>

/* The length of the longest run of equal values. */
size_t longest_run(const int *values, size_t count)
{
    size_t best = 0, run = 0;
    for (size_t index = 0; index < count; index++) {
        run = index > 0 && values[index] == values[index - 1] ? run + 1 : 1;
        if (run > best)
            best = run;
    }
    return best;
}

static const char *name_of(int code)
{
    switch (code) {
    case 0:
        return "none";
    case 1:
    case 2:
        return "some";
    default:
        return "many";
    }
}

int find(const char *text, char wanted)
{
    int place = 0;
    do {
        if (text[place] == wanted || text[place] == '?')
            return place;
    } while (text[place++] != '\0');
    while (place > 0 && !name_of(place))
        place--;
    return -1;
}
