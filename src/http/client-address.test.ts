import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { clientAddress } from './client-address'
import { createRouteTable } from './route-table'

const PEER = '10.0.0.9'

describe('clientAddress', () => {
  const cases: [string, string | null, string, number, string][] = [
    ['without proxies the peer counts, whatever the header says', '1.1.1.1', PEER, 0, PEER],
    ['no header: the peer', null, PEER, 1, PEER],
    ['one proxy: the last entry', '6.6.6.6, 203.0.113.7', PEER, 1, '203.0.113.7'],
    ['two proxies: the last but one', '6.6.6.6, 203.0.113.7, 10.0.0.1', PEER, 2, '203.0.113.7'],
    ['fewer entries than proxies: the peer', '203.0.113.7', PEER, 2, PEER],
    ['an entry that is no address: the peer', 'me, <script>', PEER, 1, PEER],
    ['an empty header: the peer', '', PEER, 1, PEER],
    ['IPv4 with a port: without it', '6.6.6.6, 203.0.113.7:51234', PEER, 1, '203.0.113.7'],
    ['IPv6 with a port: without it', '[2001:db8::1]:443', PEER, 1, '2001:db8:0:0::/64'],
    ['IPv6 in brackets', '[2001:db8::1]', PEER, 1, '2001:db8:0:0::/64'],
    ['IPv6 that ends like a port', '2001:db8::443', PEER, 1, '2001:db8:0:0::/64'],
    ['IPv4 in IPv6 with a port', '[::ffff:192.0.2.1]:443', PEER, 1, '192.0.2.1'],
    ['the port of a hop further left', '203.0.113.7:51234, 10.0.0.1:80', PEER, 2, '203.0.113.7'],
    ['IPv4 in brackets', '[203.0.113.7]:443', PEER, 1, '203.0.113.7'],
    ['a port that is none: the peer', '203.0.113.7:http', PEER, 1, PEER],
    ['brackets that do not close: the peer', '[2001:db8::1', PEER, 1, PEER],
    ['numbers that are no address: the peer', '999.0.113.7:1', PEER, 1, PEER],
    ['IPv4 in IPv6 is IPv4', null, '::ffff:192.0.2.1', 0, '192.0.2.1'],
    ['IPv6: its /64', null, '2001:db8:1:2:3:4:5:6', 0, '2001:db8:1:2::/64'],
    ['IPv6 with zeros left out', null, '2001:DB8::1', 0, '2001:db8:0:0::/64'],
    ['the loopback', null, '::1', 0, '0:0:0:0::/64'],
  ]
  test.each(cases)('%s', (_, header, peer, hops, expected) => {
    expect(clientAddress(header, peer, hops)).toBe(expected)
  })
  test('what a client writes in front changes nothing', () => {
    fc.assert(
      fc.property(fc.string(), (forged) => {
        expect(clientAddress(`${forged}, 203.0.113.7`, PEER, 1)).toBe('203.0.113.7')
      }),
    )
  })
  test('one site of IPv6 has one address', () => {
    const group = fc.integer({ min: 0, max: 0xffff }).map((n) => n.toString(16))
    fc.assert(
      fc.property(fc.tuple(group, group, group, group), (tail) => {
        expect(clientAddress(null, `2001:db8:1:2:${tail.join(':')}`, 0)).toBe('2001:db8:1:2::/64')
      }),
    )
  })
})

describe('the route table', () => {
  const find = createRouteTable([
    { method: 'GET', path: '/' },
    { method: 'GET', path: '/users' },
    { method: 'GET', path: '/users/:id' },
    { method: 'GET', path: '/users/:id/stories' },
    { method: 'DELETE', path: '/users/:id' },
    { method: 'GET', path: '/feed/authors' },
    { method: 'GET', path: '/feed/:id/x' },
  ])
  test.each([
    ['/', '/'],
    ['/users', '/users'],
    ['/users/7', '/users/:id'],
    ['/users/7/stories', '/users/:id/stories'],
    ['/feed/authors', '/feed/authors'],
    ['/feed/authors/x', '/feed/:id/x'],
    ['/users/', null],
    ['/users//stories', null],
    ['/users/7/', null],
    ['/USERS', null],
    ['', null],
    ['/toString', null],
    ['/__proto__', null],
  ])('%s is %p', (path, pattern) => {
    expect(find(path)?.pattern ?? null).toBe(pattern)
  })
  test('knows all methods of a pattern', () => {
    expect([...(find('/users/7')?.methods ?? [])]).toEqual(['GET', 'DELETE'])
  })
})
