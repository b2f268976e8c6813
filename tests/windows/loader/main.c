/* SPDX-License-Identifier: MIT */
/*
 * loader --sys FILE [--expect CHECK] [--ports] [--line] [--seed N] [--count N] [--old FILE] [--new FILE]
 *        [--step EVERY] [--few] [--costs FILE] [--lines FILE --hits FILE] [--faults]
 *        [--kind KIND] [--break RULE]
 *        SCENARIO...  runs them, each in a process of its own
 *   --line: interrupts by the level of a line that cards share; else by messages.
 *   --step: instructions are counted, in one of so many calls; 0: in the dearest,
 *   with --few in less of them. --costs: where the table goes.
 *   --kind, --break: of the test driver, by the names in breaks.def.
 *   --faults: every fault that a card on PCI can have must have been injected.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "driver.h"
#include "report.h"
#include "scene.h"

static const struct scene *const lists[] = {
    scene_small,    scene_boot,     scene_capture, scene_read,     scene_srb,
    scene_property, scene_register, scene_hostile, scene_firmware, scene_event,
    scene_point,    scene_fault,    scene_script,  scene_control};
static const char *const kinds[] = {"SYNCHRONIZED", "POLLED", "UNSYNCHRONIZED"};
static const char *const rules[] = {
    "NOTHING",
#define BREAK(rule, check, how) #rule,
#include "breaks.def"
};
static const char *expect;
static const char *lines;
static const char *hits;
static const char *step;
static const char *costs;
static int want_faults;
static int few;
static uint64_t seed = 1;

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

enum pass { ONLY, LOOK, STEP };

static int child(const struct scene *scene, enum pass pass)
{
    int status = 0;
    pid_t process;

    fflush(stdout);
    report->check[0] = '\0';
    process = fork();
    if (process == 0) {
        report_seed_set(seed);
        bus_create();
        if (step && pass != LOOK)
            coverage_steps((unsigned)strtoul(step, NULL, 0));
        if (pass == LOOK)
            pick_look();
        else if (pass == STEP)
            pick_step();
        if (lines && hits)
            coverage_lines(lines, hits);
        scene->run();
        coverage_write();
        fflush(stdout);
        _exit(0);
    }
    if (process < 0 || waitpid(process, &status, 0) != process) {
        perror("fork");
        return -1;
    }
    return status;
}

/* 1 if it went as it should. */
static int run(const struct scene *scene)
{
    double begun = now_s();
    int status;

    if (step && strtoul(step, NULL, 0) == 0) {
        pick_create(few);
        status = child(scene, LOOK);
        if (status == 0)
            status = child(scene, STEP);
    } else {
        status = child(scene, ONLY);
    }
    if (WIFSIGNALED(status)) {
        printf("FAILED %s: signal %d\n", scene->name, WTERMSIG(status));
        return 0;
    }
    if (expect) {
        int found = status != 0 && strcmp(report->check, expect) == 0;

        printf("%s %s: %s\n", found ? "reported" : "NOT REPORTED", expect,
               status != 0 ? report->check : "the scenario passed");
        return found;
    }
    printf("%s %s (%.2f s)\n", status == 0 ? "passed" : "FAILED", scene->name, now_s() - begun);
    return status == 0;
}

static int matches(const char *name, const char *pattern)
{
    size_t length = strlen(pattern);

    if (length > 0 && pattern[length - 1] == '.')
        return strncmp(name, pattern, length) == 0;
    return strcmp(name, pattern) == 0;
}

/* How many ran; *good counts those that went well. "boot." is all of a kind. */
static unsigned run_matching(const char *pattern, unsigned *good)
{
    unsigned ran = 0;

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        for (const struct scene *scene = lists[i]; scene->name; scene++) {
            if (matches(scene->name, pattern)) {
                ran++;
                *good += (unsigned)run(scene);
            }
        }
    }
    return ran;
}

static void list_all(void)
{
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        for (const struct scene *scene = lists[i]; scene->name; scene++)
            puts(scene->name);
    }
}

static int option(char **arguments, const char *name, const char **value)
{
    if (strcmp(arguments[0], name) != 0)
        return 0;
    if (!arguments[1]) {
        fprintf(stderr, "%s needs a value\n", name);
        exit(2);
    }
    *value = arguments[1];
    return 1;
}

static uint16_t number_of(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(name, names[i]) == 0)
            return (uint16_t)i;
    }
    fprintf(stderr, "no such kind or rule of the test driver: %s\n", name);
    exit(2);
}

/* What was injected, by kind. 0: one that a card on PCI can have was not. */
static int print_faults(void)
{
    int all = 1;

    for (uint32_t kind = 0; vdm_fault_name(kind); kind++) {
        const char *name = vdm_fault_name(kind);
        unsigned long long times = report->injected_by[kind];

        if (strncmp(name, "usb-", 4) == 0)
            continue;
        if (times || want_faults)
            printf("injected %-18s %llu\n", name, times);
        if (!times)
            all = 0;
    }
    return all;
}

int main(int count, char **arguments)
{
    unsigned ran = 0;
    unsigned good = 0;
    int wrong = 0;
    const char *value;
    int at;

    scene_options.ranges = BUS_MEMORY;
    scene_options.is_long = getenv("VIDICON_LONG") != NULL;
    report_create();
    for (at = 1; at < count && arguments[at][0] == '-'; at++) {
        if (strcmp(arguments[at], "--list") == 0)
            list_all();
        else if (strcmp(arguments[at], "--faults") == 0)
            want_faults = 1;
        else if (strcmp(arguments[at], "--few") == 0)
            few = 1;
        else if (strcmp(arguments[at], "--ports") == 0)
            scene_options.ranges = BUS_PORTS;
        else if (strcmp(arguments[at], "--line") == 0)
            bus.line = 1;
        else if (option(&arguments[at], "--sys", &scene_options.sys) ||
                 option(&arguments[at], "--expect", &expect) ||
                 option(&arguments[at], "--step", &step) ||
                 option(&arguments[at], "--costs", &costs) ||
                 option(&arguments[at], "--lines", &lines) ||
                 option(&arguments[at], "--hits", &hits) ||
                 option(&arguments[at], "--old", &scene_options.firmware[0]) ||
                 option(&arguments[at], "--new", &scene_options.firmware[1]))
            at++;
        else if (option(&arguments[at], "--seed", &value)) {
            seed = strtoull(value, NULL, 0);
            at++;
        } else if (option(&arguments[at], "--kind", &value)) {
            scene_options.test_driver[0] = number_of(value, kinds, sizeof(kinds) / sizeof(*kinds));
            at++;
        } else if (option(&arguments[at], "--break", &value)) {
            scene_options.test_driver[1] = number_of(value, rules, sizeof(rules) / sizeof(*rules));
            at++;
        } else if (option(&arguments[at], "--count", &value)) {
            scene_options.count = strtoull(value, NULL, 0);
            at++;
        } else {
            fprintf(stderr, "unknown option %s\n", arguments[at]);
            return 2;
        }
    }
    for (; at < count; at++)
        ran += run_matching(arguments[at], &good);
    if (ran > 0 && !expect) {
        report_print_costs();
        if (!print_faults() && want_faults) {
            puts("FAILED: a fault was never injected");
            wrong = 1;
        }
        if (costs && report_save_costs(costs)) {
            printf("FAILED: %s cannot be written\n", costs);
            wrong = 1;
        }
        printf("%s: %llu scripts, %llu requests, %llu frames, %llu bytes compared, "
               "%llu interrupts, %llu preemptions, %llu events, %llu cancelled or timed out at a "
               "point, %llu faults injected\n",
               ARCH_NAME, (unsigned long long)report->scripts, (unsigned long long)report->requests,
               (unsigned long long)report->frames, (unsigned long long)report->bytes_compared,
               (unsigned long long)report->interrupts, (unsigned long long)report->preemptions,
               (unsigned long long)report->events, (unsigned long long)report->points,
               (unsigned long long)report->injected);
    }
    if (count > 1 && strcmp(arguments[1], "--list") == 0)
        return 0;
    printf("%u of %u scenarios went as they should\n", good, ran);
    return ran > 0 && good == ran && !wrong ? 0 : 1;
}
