/*
 * Open-loop load: GETs at a constant rate over keep-alive connections, whatever the server does.
 *
 *   paced PORT PATH CONNECTIONS RATE SETTLE_MS MILLISECONDS
 *
 * Request i is due at start + i / rate and goes out then, or as soon as a connection is free. Its latency counts from
 * when it was due, so that a server that stalls pays for every request that it kept waiting (no coordinated
 * omission). Requests due in the first SETTLE_MS are sent and not recorded.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_BYTES = 16384, DRAIN_SECONDS = 5, MAX_EVENTS = 256 };
static const int64_t SECOND = 1000000000;

struct connection {
  int fd;
  int busy;
  int64_t due;      /* when its request was due */
  int64_t rest;     /* body bytes to come; -1 in the head, INT64_MAX in a chunked body */
  int closes;       /* the server said so */
  size_t have;      /* bytes of the head so far */
  char head[HEAD_BYTES + 1];
  char tail[5];     /* last bytes of a chunked body */
  struct connection *next;
};

static int port, poller;
static char request[1024];
static size_t request_bytes;
static struct connection *idle_first, *idle_last;

static int64_t start, interval, sent, total, answered, first_recorded, under_way;
static int64_t errors, error_statuses, bytes;
static uint32_t *latencies_us;
static size_t recorded;

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * SECOND + t.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int64_t due_at(int64_t i) { return start + i * interval; }

static void push_idle(struct connection *c) {
  c->busy = 0;
  c->next = NULL;
  if (idle_last == NULL) idle_first = c;
  else idle_last->next = c;
  idle_last = c;
}

static struct connection *pop_idle(void) {
  struct connection *c = idle_first;
  idle_first = c->next;
  if (idle_first == NULL) idle_last = NULL;
  return c;
}

static void open_connection(struct connection *c) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int on = 1;
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0) fail("connect");
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event) != 0) fail("epoll_ctl");
}

static void reopen(struct connection *c) {
  close(c->fd);
  open_connection(c);
}

static void record(int64_t due, int64_t at) {
  if (due >= due_at(first_recorded)) latencies_us[recorded++] = (at - due) / 1000;
}

static void send_next(struct connection *c) {
  c->busy = 1;
  c->closes = 0;
  c->have = 0;
  c->rest = -1;
  memset(c->tail, 0, sizeof c->tail);
  c->due = due_at(sent++);
  under_way++;
  if (write(c->fd, request, request_bytes) == (ssize_t)request_bytes) return;
  reopen(c); /* closed by the server while it was idle: once more on a new connection */
  if (write(c->fd, request, request_bytes) != (ssize_t)request_bytes) fail("write");
}

/* Keeps the last bytes of a chunked body; true at its end. */
static int at_last_chunk(struct connection *c, const char *piece, size_t length) {
  size_t kept = sizeof c->tail;
  if (length >= kept) memcpy(c->tail, piece + length - kept, kept);
  else {
    memmove(c->tail, c->tail + length, kept - length);
    memcpy(c->tail + kept - length, piece, length);
  }
  return memcmp(c->tail, "0\r\n\r\n", kept) == 0;
}

/* Takes bytes of a response; true at its end. */
static int take(struct connection *c, const char *piece, size_t length) {
  if (c->rest == -1) {
    size_t room = HEAD_BYTES - c->have, taken = length < room ? length : room;
    memcpy(c->head + c->have, piece, taken);
    size_t before = c->have;
    c->have += taken;
    c->head[c->have] = 0;
    char *end = strstr(c->head, "\r\n\r\n");
    if (end == NULL) return 0;
    size_t head_of_piece = (size_t)(end + 4 - c->head) - before;
    end[2] = 0;
    if (c->head[9] >= '4') error_statuses++;
    c->closes = strcasestr(c->head, "\r\nconnection: close") != NULL;
    char *sized = strcasestr(c->head, "\r\ncontent-length:");
    c->rest = sized != NULL ? atoll(sized + 17) : strcasestr(c->head, "\r\ntransfer-encoding:") ? INT64_MAX : 0;
    piece += head_of_piece;
    length -= head_of_piece;
  }
  if (c->rest == INT64_MAX) return at_last_chunk(c, piece, length);
  c->rest -= length;
  return c->rest <= 0;
}

static void on_readable(struct connection *c) {
  static char piece[65536];
  ssize_t length = read(c->fd, piece, sizeof piece);
  if (length < 0 && errno == EAGAIN) return;
  if (length <= 0) {
    reopen(c);
    if (!c->busy) return;
    errors++;
  } else {
    bytes += length;
    if (!c->busy || !take(c, piece, length)) return;
    record(c->due, now());
    answered++;
    if (c->closes) reopen(c);
  }
  under_way--;
  push_idle(c);
}

static int by_size(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static uint32_t percentile(int per_mille) {
  if (recorded == 0) return 0;
  size_t at = (recorded * per_mille + 999) / 1000;
  return latencies_us[at == 0 ? 0 : at - 1];
}

int main(int count, char **words) {
  if (count != 7) {
    fprintf(stderr, "usage: paced PORT PATH CONNECTIONS RATE SETTLE_MS MILLISECONDS\n");
    return 2;
  }
  port = atoi(words[1]);
  int connections = atoi(words[3]);
  double rate = atof(words[4]);
  int64_t settle = atoll(words[5]), length = atoll(words[6]);
  if (connections <= 0 || rate <= 0 || length <= 0) return 2;
  request_bytes = snprintf(request, sizeof request,
    "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: */*\r\nUser-Agent: paced\r\n\r\n", words[2], port);
  interval = SECOND / rate;
  first_recorded = settle * 1000000 / interval;
  total = (settle + length) * 1000000 / interval;
  latencies_us = malloc((total + 1) * sizeof *latencies_us);
  struct connection *all = calloc(connections, sizeof *all);
  if (latencies_us == NULL || all == NULL || request_bytes >= sizeof request) return 2;

  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_TIMERSLACK, 1);
  poller = epoll_create1(0);
  for (int i = 0; i < connections; i++) {
    open_connection(&all[i]);
    push_idle(&all[i]);
  }

  start = now();
  int64_t give_up = due_at(total) + DRAIN_SECONDS * SECOND, at = start;
  while (at < give_up && (sent < total || under_way > 0)) {
    while (sent < total && due_at(sent) <= at && idle_first != NULL) send_next(pop_idle());
    int64_t until = sent < total && idle_first != NULL ? due_at(sent) : give_up;
    int64_t wait = until - now();
    if (wait < 0) wait = 0;
    struct timespec timeout = {.tv_sec = wait / SECOND, .tv_nsec = wait % SECOND};
    struct epoll_event events[MAX_EVENTS];
    int ready = epoll_pwait2(poller, events, MAX_EVENTS, &timeout, NULL);
    for (int i = 0; i < ready; i++) on_readable(events[i].data.ptr);
    at = now();
  }

  /* What has no answer by now counts with the time that it has waited. */
  errors += under_way + (total - sent);
  for (int i = 0; i < connections; i++) if (all[i].busy) record(all[i].due, at);
  for (; sent < total; sent++) record(due_at(sent), at);
  qsort(latencies_us, recorded, sizeof *latencies_us, by_size);
  printf("RESULT {\"requests\":%lld,\"durationUs\":%lld,\"bytes\":%lld,\"errors\":%lld,\"errorStatuses\":%lld,"
    "\"p50Us\":%u,\"p99Us\":%u}\n", (long long)answered, (long long)((at - start) / 1000), (long long)bytes,
    (long long)errors, (long long)error_statuses, percentile(500), percentile(990));
  return 0;
}
