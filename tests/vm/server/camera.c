/* SPDX-License-Identifier: MIT */
/* A process, so that "pull" can be what it says: the device's end of the wire is gone from one moment to the next. */
#include "camera.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../protocol.h"
#include "qmp.h"

#define PLACE         VMR_CARDS /* behind the cards */
#define WORDS         20
#define PATIENCE      500 /* turns of 10 ms */
#define LIVES_SECONDS "86400"

static pid_t child;

static void doze(void)
{
    const struct timespec turn = {0, 10000000};

    (void)nanosleep(&turn, NULL);
}

/* Waits for its end; kills it if that does not come. */
static void reap(int patience)
{
    while (child > 0 && waitpid(child, NULL, WNOHANG) == 0) {
        if (patience-- <= 0)
            (void)kill(child, SIGKILL);
        doze();
    }
    child = 0;
}

void rig_camera_end(void)
{
    reap(0);
}

/* In the child: only what may be done behind a fork of a program with threads. */
static void become(const char *program, char **arguments, int output)
{
    sigset_t none;

    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(output, STDOUT_FILENO);
    (void)execv(program, arguments);
    _exit(127);
}

/* Its program stands in the folder of this one. */
static int find_program(char *program, size_t room)
{
    ssize_t length = readlink("/proc/self/exe", program, room - 1);
    char *slash;

    if (length <= 0)
        return -1;
    program[length] = '\0';
    slash = strrchr(program, '/');
    if (!slash || (size_t)(slash - program) + sizeof "/camera_server" > room)
        return -1;
    memcpy(slash, "/camera_server", sizeof "/camera_server");
    return access(program, X_OK);
}

static int start(const char *path, const char *account, char **words, const char **what)
{
    char program[512], seconds[] = LIVES_SECONDS, socket[256];
    char *arguments[WORDS + 4] = {program, socket, seconds};
    struct stat status;
    int output;

    *what = "this build has no camera";
    if (find_program(program, sizeof program))
        return -1;
    (void)snprintf(socket, sizeof socket, "%s", path);
    for (int n = 0; words[n]; n++)
        arguments[n + 3] = words[n];
    (void)unlink(path);
    *what = "the camera's account cannot be written";
    output = open(account, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (output < 0)
        return -1;
    child = fork();
    if (child == 0)
        become(program, arguments, output);
    (void)close(output);
    *what = "the camera does not start";
    for (int turn = 0; child > 0 && turn < PATIENCE; turn++) {
        if (stat(path, &status) == 0)
            return 0;
        if (waitpid(child, NULL, WNOHANG) != 0)
            child = 0;
        doze();
    }
    return -1;
}

/* What it wrote when it ended: one line of NAME=NUMBER. */
static void take_account(const char *account, char *answer, size_t room)
{
    FILE *file = fopen(account, "r");

    answer[0] = '\0';
    if (file && fgets(answer, (int)room, file))
        answer[strcspn(answer, "\n")] = '\0';
    if (file)
        (void)fclose(file);
}

int rig_camera(const char *folder, const char *words, char *answer, size_t room, const char **what)
{
    char copy[VMR_LINE_BYTES], path[256], account[256], qmp[256];
    char *word[WORDS + 1] = {NULL};
    char *state = NULL;
    int count = 0;

    answer[0] = '\0';
    (void)snprintf(copy, sizeof copy, "%s", words);
    (void)snprintf(path, sizeof path, "%s/camera.sock", folder);
    (void)snprintf(account, sizeof account, "%s/camera.txt", folder);
    (void)snprintf(qmp, sizeof qmp, "%s/qmp.sock", folder);
    for (char *at = strtok_r(copy, " ", &state); at && count < WORDS;
         at = strtok_r(NULL, " ", &state))
        word[count++] = at;
    *what = "camera plug, unplug or pull";
    if (count == 0)
        return -1;
    if (strcmp(word[0], "pull") == 0) {
        reap(0);
        return 0;
    }
    if (strcmp(word[0], "unplug") != 0 && strcmp(word[0], "plug") != 0)
        return -1;
    if (qmp_device_del(qmp, PLACE, what))
        return -1;
    reap(PATIENCE);
    if (strcmp(word[0], "unplug") == 0) {
        take_account(account, answer, room);
        return 0;
    }
    return start(path, account, word + 1, what) || qmp_device_add(qmp, PLACE, path, what) ? -1 : 0;
}
