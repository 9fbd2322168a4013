// What autobahn-js's long-poll transport needs of a browser's XMLHttpRequest, on node's http.
'use strict';

const http = require('http');

const agent = new http.Agent({ keepAlive: true });

module.exports = class XMLHttpRequest {
    constructor() {
        this.readyState = 0;
        this.status = 0;
        this.statusText = '';
        this.responseText = '';
        this.headers = {};
    }

    open(method, url) {
        this.method = method;
        this.url = url;
    }

    setRequestHeader(name, value) { this.headers[name] = value; }

    send(body) {
        const bytes = Buffer.from(body || '');
        const request = http.request(this.url, {
            method: this.method, agent,
            headers: { ...this.headers, 'Content-Length': bytes.length },
        }, (response) => {
            const pieces = [];
            response.on('data', (piece) => pieces.push(piece));
            response.on('end', () => this.done(response.statusCode, Buffer.concat(pieces)));
        });
        if (this.timeout) {
            request.setTimeout(this.timeout, () => request.destroy(new Error('timeout')));
        }
        request.on('error', () => this.done(0, Buffer.alloc(0)));
        request.end(bytes);
    }

    done(status, bytes) {
        if (this.readyState === 4) {
            return;
        }
        this.readyState = 4;
        this.status = status;
        this.responseText = bytes.toString('utf8');
        this.onreadystatechange();
    }
};
