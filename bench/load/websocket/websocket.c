/*
 * WebSocket messages that an origin echoes, over open connections, each of which sends its next one when it has the last one back.
 *
 *   websocket PORT PATH CONNECTIONS MESSAGE_BYTES MILLISECONDS
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
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_EVENTS = 256, MOST = 4000000, MAX_MESSAGE = 65535, HEADER = 8, ECHO_HEADER = 4 };

struct connection {
  int fd;
  int64_t sent_at;
  size_t left; /* bytes of the echo that are to come */
};

static int poller;
static int64_t errors, bytes;
static uint32_t latencies_us[MOST];
static size_t done;
static char frame[HEADER + MAX_MESSAGE];
static size_t frame_bytes, echo_bytes;

static int64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void send_next(struct connection *c) {
  c->sent_at = now_us();
  c->left = echo_bytes;
  if (write(c->fd, frame, frame_bytes) != (ssize_t)frame_bytes) fail("write");
}

/* Connects and switches protocols, and waits for both. */
static void open_connection(struct connection *c, int port, const char *path) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int on = 1;
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0) fail("connect");
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  char text[4096];
  int length = snprintf(text, sizeof text,
    "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path, port);
  if (write(c->fd, text, length) != length) fail("write");
  size_t have = 0;
  do {
    ssize_t more = read(c->fd, text + have, sizeof text - 1 - have);
    if (more <= 0) fail("no answer to the switch");
    have += more;
    text[have] = 0;
  } while (strstr(text, "\r\n\r\n") == NULL);
  if (strncmp(text, "HTTP/1.1 101", 12) != 0) {
    fprintf(stderr, "%s", text);
    exit(1);
  }
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event) != 0) fail("epoll_ctl");
}

static void on_readable(struct connection *c) {
  static char piece[65536];
  ssize_t length = read(c->fd, piece, sizeof piece);
  if (length < 0 && errno == EAGAIN) return;
  if (length <= 0 || (size_t)length > c->left) {
    errors++;
    epoll_ctl(poller, EPOLL_CTL_DEL, c->fd, NULL);
    return;
  }
  bytes += length;
  c->left -= length;
  if (c->left > 0) return;
  if (done < MOST) latencies_us[done++] = now_us() - c->sent_at;
  send_next(c);
}

static int by_size(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

int main(int count, char **words) {
  if (count != 6) {
    fprintf(stderr, "usage: websocket PORT PATH CONNECTIONS MESSAGE_BYTES MILLISECONDS\n");
    return 2;
  }
  int port = atoi(words[1]), connections = atoi(words[3]), size = atoi(words[4]);
  if (connections <= 0 || size < 126 || size > MAX_MESSAGE) return 2;
  signal(SIGPIPE, SIG_IGN);
  /* Binary, masked with zeros; the length in two bytes (RFC 6455, 5.2). */
  frame[0] = (char)0x82;
  frame[1] = (char)(0x80 | 126);
  frame[2] = (char)(size >> 8);
  frame[3] = (char)size;
  memset(frame + HEADER, 'x', size);
  frame_bytes = HEADER + size;
  echo_bytes = ECHO_HEADER + size;
  poller = epoll_create1(0);
  struct connection *all = calloc(connections, sizeof *all);
  if (all == NULL) return 2;
  for (int i = 0; i < connections; i++) open_connection(&all[i], port, words[2]);
  int64_t start = now_us(), end = start + atoll(words[5]) * 1000, at = start;
  for (int i = 0; i < connections; i++) send_next(&all[i]);
  while (at < end) {
    struct epoll_event events[MAX_EVENTS];
    int ready = epoll_wait(poller, events, MAX_EVENTS, (end - at) / 1000 + 1);
    for (int i = 0; i < ready; i++) on_readable(events[i].data.ptr);
    at = now_us();
  }
  qsort(latencies_us, done, sizeof *latencies_us, by_size);
  printf("RESULT {\"requests\":%zu,\"durationUs\":%lld,\"bytes\":%lld,\"errors\":%lld,\"errorStatuses\":0,"
    "\"p50Us\":%u,\"p99Us\":%u}\n", done, (long long)(at - start), (long long)bytes, (long long)errors,
    done == 0 ? 0 : latencies_us[done / 2], done == 0 ? 0 : latencies_us[done * 99 / 100]);
  return 0;
}
