-- The password of a lab's guests changes in two moves: the new one is kept beside the present one before any node gets
-- it, and takes its place when all nodes have it. In between a node has one of them, and no box is lost.

do
  local PRESENT, NEW, PENDING = 'guest_administrator', 'new_guest_administrator', 'guest_administrator_pending_'

  -- Secrets are boxes and references by name: texts only, which cjson does not change.
  local function secrets_of(key)
    local text = L.get(key, 'secrets')
    return text ~= '' and cjson.decode(text) or {}
  end

  local function is_same(one, other) return one.sealed == other.sealed and one.ref == other.ref end

  function L.on_done.BeginRotation(job, lab)
    local new, kept, number = secrets_of(L.job(job))[NEW], secrets_of(lab), 1
    if not new then return end
    while kept[PENDING .. number] do
      if is_same(kept[PENDING .. number], new) then return end
      number = number + 1
    end
    kept[PENDING .. number] = new
    call('HSET', lab, 'secrets', cjson.encode(kept))
  end

  function L.on_done.CommitRotation(job, lab)
    local new, kept, left = secrets_of(L.job(job))[NEW], secrets_of(lab), {}
    if not new then return end
    for name, secret in pairs(kept) do
      if string.sub(name, 1, #PENDING) ~= PENDING then left[name] = secret end
    end
    left[PRESENT] = new
    call('HSET', lab, 'secrets', cjson.encode(left), 'rotated_at', L.time(NOW))
  end

  -- Whether the lab's own secrets are newer than those that a job took with it when it was submitted.
  function L.rotated_since(job, lab)
    return lab ~= '' and L.num(L.lab(lab), 'rotated_at', 0) > L.num(L.job(job), 'created_at', 0)
  end
end
