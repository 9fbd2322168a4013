// The shop's procedures for peers in JavaScript, as shop.py has them for those in Python.
'use strict';

// `refusal` makes what is thrown: (error uri, args, kwargs).
module.exports = (refusal) => {
    const items = new Map();

    function find(id) {
        if (!items.has(id)) {
            throw refusal('bondy.error.not_found', [`no item ${id}`], { id });
        }
        return items.get(id);
    }

    return {
        list_items: ([query]) => ({
            items: [...items.values()].slice(0, Number(query.limit || 100)), query,
        }),
        add_item: ([item]) => {
            if (item.stock !== undefined && item.stock < 1) {
                throw refusal('org.example.error.out_of_stock', ['nothing left'],
                              { name: item.name });
            }
            const id = items.size + 1;
            items.set(id, { ...item, id });
            return items.get(id);
        },
        get_item: ([id]) => find(id),
        delete_item: ([id]) => { find(id); items.delete(id); return null; },
    };
};
