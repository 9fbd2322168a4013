/* relay.c - the least that a router can be: frames go from socket to socket unread but for the
 * byte that says their type.  What it costs is the floor under what a router costs.
 *
 * Prints the port it listens on.  One callee that answers in order, so that results go to the
 * callers in the order of their calls; any number of callers and subscribers; no realm, no ids, no
 * rights, no errors. */
#include "wire.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef PEERS_MAX
#    define PEERS_MAX 128
#endif

enum { TURN_EVENTS = 64, WAITING_MAX = 1 << 16 };

struct peer {
    struct wire *wire;
    bool greeted;
    bool member; /* subscribed */
};

struct relay {
    int epoll;
    struct peer peers[PEERS_MAX];
    size_t count;
    struct peer *callee;
    struct peer *callers[WAITING_MAX]; /* of the calls on their way, a ring */
    size_t called, answered;
};

static void forward(struct peer *to, struct frame frame)
{
    if (to == NULL) {
        die("nobody to forward to");
    }
    put_bytes(to->wire, frame.ptr - FRAME_HEAD, frame.len + FRAME_HEAD);
}

static void confirm(struct peer *peer, enum message_type type)
{
    size_t opened = frame_open(peer->wire, 3, type);
    put_uint(peer->wire, 1);
    put_empty_map(peer->wire); /* WELCOME's details; nobody looks at the others' last member */
    frame_close(peer->wire, opened);
}

static void publish(struct relay *relay, struct frame frame)
{
    for (size_t i = 0; i < relay->count; i++) {
        if (relay->peers[i].member) {
            forward(&relay->peers[i], frame);
        }
    }
}

static void dispatch(struct relay *relay, struct peer *from, struct frame frame)
{
    switch (frame_type(frame)) {
    case HELLO:
        confirm(from, WELCOME);
        break;
    case REGISTER:
        relay->callee = from;
        confirm(from, REGISTERED);
        break;
    case SUBSCRIBE:
        from->member = true;
        confirm(from, SUBSCRIBED);
        break;
    case CALL:
        if (relay->called - relay->answered == WAITING_MAX) {
            die("too many calls");
        }
        relay->callers[relay->called++ % WAITING_MAX] = from;
        forward(relay->callee, frame);
        break;
    case RESULT:
        if (relay->answered == relay->called) {
            die("an answer to no call");
        }
        forward(relay->callers[relay->answered++ % WAITING_MAX], frame);
        break;
    case PUBLISH:
        publish(relay, frame);
        break;
    default:
        die("a message of type %u", frame_type(frame));
    }
}

static void peer_leave(struct relay *relay, struct peer *peer)
{
    (void)epoll_ctl(relay->epoll, EPOLL_CTL_DEL, peer->wire->fd, NULL);
    (void)close(peer->wire->fd);
    peer->member = false;
    peer->wire->fd = -1;
}

static void peer_readable(struct relay *relay, struct peer *peer)
{
    struct frame frame;
    char byte;
    if (recv(peer->wire->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) {
        peer_leave(relay, peer);
        return;
    }
    wire_fill(peer->wire);
    if (!peer->greeted && peer->wire->end >= FRAME_HEAD) {
        put_bytes(peer->wire, peer->wire->in, FRAME_HEAD);
        peer->wire->begin += FRAME_HEAD;
        peer->greeted = true;
    }
    while (peer->greeted && wire_next(peer->wire, &frame)) {
        dispatch(relay, peer, frame);
    }
}

static void accept_one(struct relay *relay, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) {
        return;
    }
    struct peer *peer = NULL;
    for (size_t i = 0; i < relay->count && peer == NULL; i++) {
        peer = relay->peers[i].wire->fd < 0 ? &relay->peers[i] : NULL;
    }
    if (peer == NULL && relay->count == PEERS_MAX) {
        die("too many peers");
    }
    if (peer == NULL) {
        peer = &relay->peers[relay->count++];
        peer->wire = wire_new(fd);
    }
    peer->wire->fd = fd;
    peer->wire->begin = peer->wire->end = peer->wire->out_len = 0;
    peer->greeted = false;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
    (void)epoll_ctl(relay->epoll, EPOLL_CTL_ADD, fd, &event);
}

static int listen_somewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 1024) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        die("cannot listen");
    }
    (void)printf("%d\n", ntohs(address.sin_port));
    (void)fflush(stdout);
    return fd;
}

/* A turn: read whoever has something, then one write for each peer that has an answer.  What the
 * kernel did not take is tried again at the next turn, which the receiver's answers bring. */
static void turn(struct relay *relay, int listener)
{
    struct epoll_event events[TURN_EVENTS];
    int count = epoll_wait(relay->epoll, events, TURN_EVENTS, 100);
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == NULL) {
            accept_one(relay, listener);
        } else {
            peer_readable(relay, events[i].data.ptr);
        }
    }
    for (size_t i = 0; i < relay->count; i++) {
        if (relay->peers[i].wire->fd >= 0 && relay->peers[i].wire->out_len > 0) {
            wire_flush(relay->peers[i].wire);
        }
    }
}

int main(void)
{
    static struct relay relay;
    die_with_parent();
    int listener = listen_somewhere();
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    relay.epoll = epoll_create1(0);
    if (relay.epoll < 0 || epoll_ctl(relay.epoll, EPOLL_CTL_ADD, listener, &event) != 0) {
        die("no epoll");
    }
    for (;;) {
        turn(&relay, listener);
    }
}
